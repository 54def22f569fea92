import { isLatm, type TrackFormat } from '../format.js';
import { AacDepacketizer } from './aac.js';
import type { AccessUnitSink, Depacketizer } from './depacketizer.js';
import { PayloadDepacketizer } from './g711-opus.js';
import { H264Depacketizer } from './h264.js';
import { H265Depacketizer } from './h265.js';
import { LatmDepacketizer } from './latm.js';
import { ownMemory, type UnitMemory } from './unit-memory.js';

/**
 * A depacketizer for the track, primed with the configuration its fmtp holds; undefined for codec `other`.
 * @param memory of this depacketizer alone; decides how long the bytes of a unit are good. Left out: for ever.
 */
export function createDepacketizer(
  format: TrackFormat,
  sink: AccessUnitSink,
  memory: UnitMemory = ownMemory,
): Depacketizer | undefined {
  switch (format.codec) {
    case 'h264':
      return new H264Depacketizer(format, sink, memory);
    case 'h265':
      return new H265Depacketizer(format, sink, memory);
    case 'aac':
      return isLatm(format)
        ? new LatmDepacketizer(format, sink, memory)
        : new AacDepacketizer(format, sink, memory);
    case 'pcmu':
    case 'pcma':
    case 'opus':
      return new PayloadDepacketizer(format, sink, memory);
    case 'other':
      break;
  }
  return undefined;
}
