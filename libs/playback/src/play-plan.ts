import type { PlayAnswer, PlayRequest, ReaderTransport } from '@nightjar/relay';
import { ONVIF_REPLAY } from '@nightjar/rtsp';

/** Slowest and fastest scale in either direction; what a client asks for beyond is brought to these. */
export const MIN_SCALE = 0.25;
export const MAX_SCALE = 64;
/** Up to here every picture is sent; beyond it keyframes alone: decoders and links are made for about real time. */
export const MAX_FULL_SCALE = 2;
/** Keyframes follow each other no faster than this, in time of presentation: about the bit rate of normal play. */
export const MIN_KEYFRAME_INTERVAL_MS = 200;
/** Slowest and fastest delivery. */
export const MIN_SPEED = 0.25;
export const MAX_SPEED = 16;

/** Which pictures are sent. */
export type Pictures =
  | { readonly kind: 'all' }
  /** Without those that no other needs. */
  | { readonly kind: 'references' }
  | {
      readonly kind: 'keyframes';
      /** Wall time of the recording. */ readonly minIntervalMs: number;
    };

/** How footage is to be played, as it is really done. */
export interface PlayPlan {
  readonly backward: boolean;
  /** Play time per time of presentation, above 0. */
  readonly scale: number;
  /** Media time delivered per second. */
  readonly speed: number;
  /** False: nothing but the client's own speed holds units back (`Rate-Control: no`). */
  readonly paced: boolean;
  readonly pictures: Pictures;
  /** Whether tracks beside the first are sent. */
  readonly sound: boolean;
  /** With the extensions of ONVIF replay. */
  readonly replay: boolean;
  /** Low byte of the CSeq of the PLAY that asked for it. */
  readonly cseq: number;
}

/** What is done for a request. Never refuses: what cannot be done exactly is brought to the nearest, and the answer says so. */
export function planOf(request: PlayRequest, transport: ReaderTransport): PlayPlan {
  const { scale: asked = 1, speed, rateControl, frames, required, cseq } = request;
  // UDP has no flow control that could set the speed: it keeps to real time, and the answer says so.
  const tcp = transport === 'tcp';
  const paced = rateControl !== 'no' || !tcp;
  // ONVIF Streaming s.6.5: a client that sets the speed asks for 1 or -1.
  const scale = paced ? clamp(Math.abs(asked), MIN_SCALE, MAX_SCALE) : 1;
  const backward = asked < 0;
  const replay = required.includes(ONVIF_REPLAY);
  const pictures = picturesOf(request, { scale, backward, replay });
  return {
    backward,
    scale,
    speed: tcp ? speedOf(speed) : 1,
    paced,
    pictures,
    sound: scale === 1 && !backward && frames?.kind !== 'intra',
    replay,
    cseq,
  };
}

/** What an answer tells of a plan. */
export function doneBy({
  backward,
  scale,
  speed,
  paced,
}: PlayPlan): Pick<PlayAnswer, 'scale' | 'speed' | 'rateControl'> {
  return { scale: backward ? -scale : scale, speed, rateControl: paced ? 'yes' : 'no' };
}

/** Whether one is read from the files as the other, so that play can go on from where it is. */
export function readsAs(a: PlayPlan, b: PlayPlan): boolean {
  if (a.backward !== b.backward || a.replay !== b.replay || a.pictures.kind !== b.pictures.kind)
    return false;
  return (
    a.pictures.kind !== 'keyframes' ||
    b.pictures.kind !== 'keyframes' ||
    a.pictures.minIntervalMs === b.pictures.minIntervalMs
  );
}

/** Whether a PLAY says nothing about how to play: it goes on as it was, or keeps the session alive. */
export function saysNothing({ scale, speed, rateControl, frames }: PlayRequest): boolean {
  return [scale, speed, rateControl, frames].every((header) => header === undefined);
}

function picturesOf(
  { frames, rateControl }: PlayRequest,
  { scale, backward, replay }: Pick<PlayPlan, 'scale' | 'backward' | 'replay'>,
): Pictures {
  // A GOP that is played backwards arrives forwards: only who speaks ONVIF knows what to do with that.
  const knowsReverse = replay || rateControl !== undefined || frames !== undefined;
  const full = backward ? scale <= 1 && knowsReverse : scale <= MAX_FULL_SCALE;
  if (frames?.kind === 'intra' || !full) {
    const thinned = full ? 0 : scale * MIN_KEYFRAME_INTERVAL_MS;
    const asked = frames?.kind === 'intra' ? frames.minIntervalMs : 0;
    return { kind: 'keyframes', minIntervalMs: Math.max(thinned, asked) };
  }
  return { kind: frames?.kind === 'predicted' ? 'references' : 'all' };
}

/** The fastest that is asked for. */
function speedOf(speed: PlayRequest['speed']): number {
  return speed === undefined ? 1 : clamp(speed.max, MIN_SPEED, MAX_SPEED);
}

function clamp(value: number, min: number, max: number): number {
  return Math.min(Math.max(value, min), max);
}
