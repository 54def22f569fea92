export { Gate } from './gate.js';
export { MediaTime, type PlayTimes } from './media-time.js';
export { Outbox } from './outbox.js';
export { Pacer } from './pacer.js';
export { TrackSender } from './track-sender.js';
