export * from './soap-over-http.js';
export * from './discovery-responder.js';
export * from './local-networks.js';
