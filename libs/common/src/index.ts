export * from './clock.js';
export * from './error.js';
export * from './token-bucket.js';
export * from './zoned-url.js';
