export { Adopter, type Adoption, type AdoptionRequest } from './adoption/adopter.js';
export { createOnvifClients } from './client/package-client.js';
export { createAdopter, createDiscovery } from './create-discovery.js';
export { Discovery, type SearchOutcome } from './discovery.js';
export { DiscoveryModule } from './discovery.module.js';
export { DiscoveryWork } from './discovery-work.js';
export { statusOf, type DeviceStatus } from './status.js';
export { viewDevice, type DeviceView } from './device-view.js';
