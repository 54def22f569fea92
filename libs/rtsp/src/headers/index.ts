export { parseCSeq } from './cseq.js';
export { parseFrames, type Frames } from './frames.js';
export { parseImmediate } from './immediate.js';
export { parseKeyMgmt, printKeyMgmt, type KeyMgmt } from './key-mgmt.js';
export {
  parseMediaProperties,
  printMediaProperties,
  type MediaProperties,
} from './media-properties.js';
export { parseRange, printRange, type Range } from './range.js';
export { parseRateControl, type RateControl } from './rate-control.js';
export { parseRtpInfo, printRtpInfo, type RtpInfoEntry } from './rtp-info.js';
export { parseScale, printScale } from './scale.js';
export { parseSeekStyle, type SeekStyle } from './seek-style.js';
export { parseSession, printSession, type SessionHeader } from './session.js';
export { parseSpeed, printSpeed, type SpeedRange } from './speed.js';
export { parseTransport, printTransport, type HostPort, type TransportSpec } from './transport.js';
