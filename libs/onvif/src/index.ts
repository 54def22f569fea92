export * from './xml/element.js';
export { DEFAULT_XML_LIMITS, type XmlLimits } from './xml/guard-xml.js';
export { NAMESPACES, type Prefix } from './xml/namespaces.js';
export { parseXml } from './xml/parse-xml.js';
export * from './xml/print-xml.js';
export * from './soap/envelope.js';
export * from './discovery/messages.js';
export { matchesProbe } from './discovery/match-probe.js';
export { parseDiscovery } from './discovery/parse-discovery.js';
export { printDiscovery } from './discovery/print-discovery.js';
export * from './soap/fault.js';
export * from './security/username-token.js';
export * from './device/operation.js';
export {
  MAX_REQUEST_BYTES,
  OnvifServer,
  type Gate,
  type OnvifAnswer,
} from './device/onvif-server.js';
export { deviceService } from './device/device-service.js';
export type * from './device/device-service.js';
export * from './device/media-port.js';
export { mediaService } from './device/media-service.js';
export { media2Service } from './device/media2-service.js';
export { eventService, type EventPort } from './device/event-service.js';
export { PullPoints, type OnvifEvent, type SimpleItem } from './device/pull-points.js';
export { onvifTopic, type Topic, type TopicDescription } from './device/topics.js';
export * from './device/ptz-service.js';
export * from './device/imaging-service.js';
export type * from './device/archive-port.js';
export { recordingService } from './device/recording-service.js';
export { replayService } from './device/replay-service.js';
export { searchService } from './device/search-service.js';
