import type { PlayRequest, ReaderTransport } from '@nightjar/relay';
import type { FileDescription } from './file-library.js';

/** Slowest and fastest scale; what a client asks for beyond is brought to these. */
export const MIN_SCALE = 0.25;
export const MAX_SCALE = 64;
/** Up to here every picture is sent; beyond it keyframes alone: decoders and links are made for about real time. */
export const MAX_FULL_SCALE = 2;
/** Keyframes follow each other no faster than this, in time of presentation. */
export const MIN_KEYFRAME_INTERVAL_MS = 200;
/** Slowest and fastest delivery over TCP. */
const MIN_SPEED = 0.25;
const MAX_SPEED = 16;

/** How a file is to be played, as it is really done. */
export interface FilePlan {
  /** Play time per time of presentation, above 0. */
  readonly scale: number;
  /** Media time delivered per second. */
  readonly speed: number;
  /** The only track that is sent; undefined: all of them. */
  readonly only: number | undefined;
  /** Play time from one keyframe to the next at least; undefined: all pictures are sent. */
  readonly keyframeStepMs: number | undefined;
}

type Playable = Pick<FileDescription, 'formats' | 'tracks' | 'seekable' | 'durationMs'>;

/** Scales of a file, from the slowest to the fastest; undefined: 1 alone. */
export function scalesOf(file: Playable): readonly [number, number] | undefined {
  if (pictureTrack(file) === undefined) return undefined;
  // Keyframes are found by seeking.
  return [MIN_SCALE, file.seekable && file.durationMs !== undefined ? MAX_SCALE : MAX_FULL_SCALE];
}

/**
 * What is made of a PLAY. A scale that is not served becomes the nearest that is, which the answer tells (RFC 2326 s.12.34,
 * RFC 7826 s.18.46); backwards there is none, so that is played as if nothing had been asked for.
 * @param before the plan so far, which holds for what the request does not say
 */
export function planOf(
  { scale, speed }: Pick<PlayRequest, 'scale' | 'speed'>,
  file: Playable,
  transport: ReaderTransport,
  before?: FilePlan,
): FilePlan {
  const done = scaleOf(scale ?? before?.scale ?? 1, file);
  const step = done > MAX_FULL_SCALE ? done * MIN_KEYFRAME_INTERVAL_MS : undefined;
  return {
    scale: done,
    speed: speed === undefined ? (before?.speed ?? 1) : speedOf(speed, transport),
    only: done === 1 ? undefined : pictureTrack(file),
    keyframeStepMs: step,
  };
}

function scaleOf(asked: number, file: Playable): number {
  const scales = scalesOf(file);
  if (scales === undefined || asked < 0) return 1;
  return Math.min(Math.max(asked, scales[0]), scales[1]);
}

/** UDP has no flow control that could set the speed: it keeps to real time, and the answer says so. */
function speedOf({ max }: NonNullable<PlayRequest['speed']>, transport: ReaderTransport): number {
  return transport === 'tcp' ? Math.min(Math.max(max, MIN_SPEED), MAX_SPEED) : 1;
}

/** A transport stream is sent whole, sound and clock included. */
function pictureTrack({ formats, tracks }: Playable): number | undefined {
  const track = formats.findIndex(
    ({ kind }, index) => kind === 'video' && tracks[index]!.codec !== 'mp2t',
  );
  return track < 0 ? undefined : track;
}
