export { adopt } from './adopt.js';
export { discover } from './discover.js';
export { compareSettings } from './settings.js';
export { listPresets, moveCamera } from './move-camera.js';
export { ignoreDevice } from './ignore-device.js';
