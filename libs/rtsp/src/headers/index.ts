export { parseCSeq } from './cseq.js';
export { parseRange, printRange, type Range } from './range.js';
export { parseRateControl, type RateControl } from './rate-control.js';
export { parseRtpInfo, printRtpInfo, type RtpInfoEntry } from './rtp-info.js';
export { parseSession, printSession, type SessionHeader } from './session.js';
export { parseTransport, printTransport, type TransportSpec } from './transport.js';
