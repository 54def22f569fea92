export * from './announcement.js';
export * from './choose-transport.js';
export * from './method-rules.js';
export * from './status-of.js';
