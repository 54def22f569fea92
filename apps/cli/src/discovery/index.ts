export { adopt } from './adopt.js';
export { discover } from './discover.js';
export { ignoreDevice } from './ignore-device.js';
