import type { JournalRecord, UnwantedReason } from '@nightjar/catalog';

/** What an account tells the journal. */
export type AccountRecord = Extract<
  JournalRecord,
  { type: 'declared' | 'withdrawn' | 'unwanted' | 'gap' }
>;

/** How the account of a stream ended in the process before, as the journals tell it. */
export interface AccountEnd {
  readonly camera: string;
  readonly stream: string;
  /** Wall time up to which every instant is accounted for. */
  readonly endMs: number;
  /** False when the process did not come to say that it ends. */
  readonly inOrder: boolean;
  readonly withdrawn: boolean;
  /** Why nothing was recorded at the end, if nobody asked for it. */
  readonly unwanted: UnwantedReason | undefined;
}
