export { RtspHeaders } from './headers.js';
export { encodeInterleaved } from './interleaved.js';
export { LIMITS } from './limits.js';
export {
  RTSP_1_0,
  RTSP_2_0,
  isRtspVersion,
  type RtspRequest,
  type RtspResponse,
  type RtspVersion,
} from './message.js';
export { printRequest, printResponse } from './print.js';
export { reasonOf } from './status.js';
export { RtspStreamParser, type RtspStreamSink } from './stream-parser.js';
