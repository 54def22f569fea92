export * from './base64-stream.js';
export * from './first-bytes.js';
export * from './http-head.js';
export * from './print-http.js';
export * from './tunnel-request.js';
