export * from './clock.js';
export * from './error.js';
