import { messageOf, NightjarError } from '@nightjar/common';
import { Account } from '../account/account.js';
import type { Demand } from '../demand/demand.js';
import type { CreateSegmentFile } from '../segments/durable-files.js';
import type { MediaPool } from './media-memory.js';
import type { GapReason, RecordingLog, RecordingMetrics, RecordingSettings } from '../ports.js';
import type { RecordingTarget } from '../volumes/recording-volumes.js';
import type { SegmentChain } from '../segments/segment-chain.js';
import type { WallClock } from '../time/wall-clock.js';

/** Footage that is missing from a wall time on. */
export interface Gap {
  readonly startMs: number;
  readonly reason: GapReason;
}

export interface RecorderOptions {
  readonly camera: string;
  readonly stream: string;
  /** Where the run that begins goes; undefined: nowhere now. A run stays where it began. */
  readonly chooseVolume: () => RecordingTarget | undefined;
  /** Why there is none; left out: its volume is missing. */
  readonly whyNoVolume?: () => GapReason;
  /** One for the whole process. */
  readonly clock: WallClock;
  readonly settings: RecordingSettings;
  readonly log: RecordingLog;
  readonly metricsSink: RecordingMetrics;
  /** Of the stream, begun; left out: one of its own, which begins with the first footage, or with `openGap`. */
  readonly account?: Account;
  /** Where the footage of this stream ended before this recorder, and why. */
  readonly openGap?: Gap;
  /** Of the stream; left out: it has no segment yet. */
  readonly chain?: SegmentChain;
  /** What is asked of it at first; left out: everything. */
  readonly demand?: Demand;
  /** Memory for media; left out: that of the process. */
  readonly pool?: MediaPool;
  /** Makes the files of segments; left out: real ones. */
  readonly createFile?: CreateSegmentFile;
}

/** The account of a recorder that nobody gave one: its gaps, once each when they are over, to where it records. */
export function soleAccount(
  { camera, stream, chooseVolume, clock, metricsSink }: RecorderOptions,
  refused: (error: unknown) => void,
): Account {
  return new Account({
    camera,
    stream,
    now: () => clock.now(),
    write: (record) => {
      if ('running' in record) return;
      chooseVolume()?.journal.append(record).catch(refused);
    },
    figures: {
      recorded: () => undefined,
      expected: () => undefined,
      missing: () => undefined,
      gap: (reason, durationMs) => metricsSink.gap(reason, durationMs),
    },
  });
}

/** An error as logs have it. */
export function loggedError(error: unknown): { readonly code: string; readonly message: string } {
  const code =
    error instanceof NightjarError
      ? error.code
      : ((error as NodeJS.ErrnoException).code ?? 'unknown');
  return { code, message: messageOf(error) };
}
