export { resolveControl } from './control.js';
export { parseSdp } from './parse-sdp.js';
export { printSdp, type SdpOffer } from './print-sdp.js';
export type { SdpSession, SdpTrack } from './session.js';
