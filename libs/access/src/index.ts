export * from './access-policy.js';
export * from './require-access.js';
export { AccessModule } from './access.module.js';
