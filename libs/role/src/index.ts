export { gaugeDatabase } from './database-gauge.js';
export { Outage } from './outage.js';
export { RoleContext } from './role-context.js';
export { RoleModule } from './role.module.js';
export { runRole, type RoleName, type RoleOptions, type RunningRole } from './run-role.js';
export { ServiceNotifier } from './service-notifier.js';
export { INSTALLATION, VERSION } from './version.js';
