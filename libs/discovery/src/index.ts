export { createDiscovery } from './create-discovery.js';
export { Discovery, type SearchOutcome } from './discovery.js';
export { DiscoveryModule } from './discovery.module.js';
export { DiscoveryWork } from './discovery-work.js';
export { statusOf, type DeviceStatus } from './status.js';
export { viewDevice, type DeviceView } from './device-view.js';
