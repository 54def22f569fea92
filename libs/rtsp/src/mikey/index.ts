export { KEY_MANAGEMENT_FAILURE, type CryptoSession, type MikeyMessage } from './message.js';
export { createMikey } from './encode.js';
export * from './carried.js';
