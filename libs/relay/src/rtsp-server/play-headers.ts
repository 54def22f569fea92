import {
  parseFrames,
  parseImmediate,
  parseRange,
  parseRateControl,
  parseScale,
  parseSeekStyle,
  parseSpeed,
  printScale,
  printSpeed,
  RTSP_2_0,
  type RtspRequest,
} from '@nightjar/rtsp';
import type { PlayAnswer, PlayRequest } from './mount.js';

/**
 * What the headers of a PLAY ask for, all of them read before anything is done.
 * @param required feature tags that the client named in this session
 * @throws NightjarError with the status to answer
 */
export function readPlayHeaders(
  { version, headers }: Pick<RtspRequest, 'version' | 'headers'>,
  required: readonly string[],
): PlayRequest {
  const read = <T>(name: string, parse: (value: string) => T): T | undefined => {
    const value = headers.get(name);
    return value === undefined ? undefined : parse(value);
  };
  const immediate = read('Immediate', parseImmediate) ?? false;
  return {
    range: read('Range', (value) => parseRange(value, { strict: version === RTSP_2_0 })),
    scale: read('Scale', parseScale),
    speed: read('Speed', parseSpeed),
    rateControl: read('Rate-Control', parseRateControl),
    frames: read('Frames', parseFrames),
    immediate,
    ...(version === RTSP_2_0 ? { seekStyle: read('Seek-Style', parseSeekStyle) } : {}),
    // RTSP 2.0 has no queue: a new PLAY takes the place of the old one (RFC 7826 s.13.4).
    queue: version !== RTSP_2_0 && !immediate,
    cseq: Number(/\d+/.exec(headers.get('CSeq') ?? '')?.[0] ?? 0) & 0xff,
    required,
  };
}

/** Headers of the answer that say what is really played; `RTP-Info` needs the URLs and is not among them. */
export function printPlayHeaders(answer: PlayAnswer, asked: PlayRequest): Record<string, string> {
  return {
    Range: answer.range ?? 'npt=now-',
    ...(answer.scale === undefined ? {} : { Scale: printScale(answer.scale) }),
    ...(asked.speed === undefined || answer.speed === undefined
      ? {}
      : { Speed: printSpeed(answer.speed) }),
    ...(asked.rateControl === undefined || answer.rateControl === undefined
      ? {}
      : { 'Rate-Control': answer.rateControl }),
  };
}
