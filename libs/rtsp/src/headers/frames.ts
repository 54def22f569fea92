import { NightjarError } from '@nightjar/common';

/** Which pictures of a recording are wanted. ONVIF Streaming s.6.5.3. */
export type Frames =
  | { readonly kind: 'all' }
  /** Those that no other picture needs are left out. */
  | { readonly kind: 'predicted' }
  /** Keyframes, no closer together than this on the time line of the recording. */
  | { readonly kind: 'intra'; readonly minIntervalMs: number };

const FRAMES = /^(all|predicted|intra)(?:\s*\/\s*(\d{1,9}))?$/i;

/** Frames header. @throws NightjarError `protocol` with `where.status` 400 */
export function parseFrames(value: string): Frames {
  const match = FRAMES.exec(value.trim());
  const kind = match?.[1]?.toLowerCase();
  const interval = match?.[2];
  if (kind === 'intra') return { kind, minIntervalMs: Number(interval ?? 0) };
  if ((kind === 'all' || kind === 'predicted') && interval === undefined) return { kind };
  throw new NightjarError(
    'protocol',
    'rtsp/frames',
    'Frames must be all, predicted, intra or intra/<milliseconds>',
    { status: 400 },
  );
}
