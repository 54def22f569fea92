export { Adopter, type Adoption, type AdoptionRequest } from './adoption/adopter.js';
export { CameraControl } from './ptz/camera-control.js';
export type { PtzCommand, PtzPreset } from './ptz/ptz-command.js';
export type { Snapshot } from './client/onvif-client.js';
export { createOnvifClients } from './client/package-client.js';
export {
  createAdopter,
  createAdoptionRules,
  createCameraControl,
  createDiscovery,
  createEnforcement,
} from './create-discovery.js';
export { Discovery, type SearchOutcome } from './discovery.js';
export { DiscoveryModule } from './discovery.module.js';
export { DiscoveryWork } from './discovery-work.js';
export { Enforcement, type CameraSettingsView } from './enforcement/enforcement.js';
export { statusOf, type DeviceStatus } from './status.js';
export { viewDevice, type DeviceView } from './device-view.js';
