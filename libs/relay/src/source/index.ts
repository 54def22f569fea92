export {
  awaitPicture,
  type Picture,
  type PictureLimits,
  type PictureTarget,
} from './await-picture.js';
export {
  CameraAccounts,
  DEFAULT_UNAUTHORIZED,
  type UnauthorizedPolicy,
} from './camera-accounts.js';
export { distrustOf, trustOptions, type CameraTrust } from './link/camera-trust.js';
export * from './source.js';
export { TOLERATED_MEDIA, type CameraTolerance } from './tolerated.js';
export type { DropCounts } from './source-counters.js';
export { createRtspSource, type RtspSourceOptions, type SourceLog } from './rtsp-source.js';
export { StartGate, type GateTicket } from './start-gate.js';
export type { TransportMode } from './transport-choice.js';
