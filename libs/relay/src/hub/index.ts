export { BatchBuilder } from './batch-builder.js';
export { BLOCK_BYTES, BlockPool } from './block-pool.js';
export { GopBudget } from './gop-budget.js';
export * from './hub.js';
export { FRAME_HEADER_BYTES, type PacketBatch } from './packet-batch.js';
export { StreamHub, type HubStats, type StreamHubOptions } from './stream-hub.js';
