export * from './hub.js';
export { FRAME_HEADER_BYTES, type PacketBatch } from './packet-batch.js';
export { StreamHub, type HubStats, type StreamHubOptions } from './stream-hub.js';
