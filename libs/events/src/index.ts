export {
  CAMERA_OFFLINE,
  loginData,
  offlineStreams,
  STAND_IN,
  type OfflineStream,
} from './camera-offline.js';
export { EventBus, type EventStore, type Reporter } from './event-bus.js';
export {
  ASK_INTERVAL_MS,
  EventListener,
  type EventAudience,
  type EventListenerOptions,
  type EventSubscription,
  type Subscribe,
} from './event-listener.js';
export { eventReportSchema, eventType, parseEventLine, type EventReport } from './event-report.js';
export { EventFile, type EventFileOptions } from './file/event-file.js';
