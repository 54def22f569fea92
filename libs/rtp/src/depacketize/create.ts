import type { TrackFormat } from '../format.js';
import { AacDepacketizer } from './aac.js';
import type { AccessUnitSink, Depacketizer } from './depacketizer.js';
import { PayloadDepacketizer } from './g711-opus.js';
import { H264Depacketizer } from './h264.js';
import { H265Depacketizer } from './h265.js';

/** A depacketizer for the track, primed with the configuration its fmtp holds; undefined for codec `other`. */
export function createDepacketizer(
  format: TrackFormat,
  sink: AccessUnitSink,
): Depacketizer | undefined {
  switch (format.codec) {
    case 'h264':
      return new H264Depacketizer(format, sink);
    case 'h265':
      return new H265Depacketizer(format, sink);
    case 'aac':
      return new AacDepacketizer(format, sink);
    case 'pcmu':
    case 'pcma':
    case 'opus':
      return new PayloadDepacketizer(format, sink);
    case 'other':
      break;
  }
  return undefined;
}
