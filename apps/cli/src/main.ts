#!/usr/bin/env node
import { certificateCommand } from './commands/certificate.js';
import { auditCommand } from './commands/audit.js';
import { adoptCommand } from './commands/adopt.js';
import { backupCommand, restoreCommand } from './commands/backup.js';
import { checkCommand } from './commands/check.js';
import { checkpointCommand } from './commands/checkpoint.js';
import { camerasCommand } from './commands/cameras.js';
import { eventsCommand } from './commands/events.js';
import { discoverCommand } from './commands/discover.js';
import { doctorCommand } from './commands/doctor.js';
import { exportCommand } from './commands/export.js';
import { fsckCommand, rebuildCommand } from './commands/fsck.js';
import { installServiceCommand } from './commands/install-service.js';
import { holdCommand } from './commands/hold.js';
import { migrateCommand } from './commands/migrate.js';
import { ptzCommand } from './commands/ptz.js';
import { settingsCommand } from './commands/settings.js';
import { probeCommand } from './commands/probe.js';
import { applyCommand, planCommand, schemaCommand } from './commands/plan.js';
import { retentionCommand } from './commands/retention.js';
import { serveCommand } from './commands/serve.js';
import { urlCommand } from './commands/url.js';
import { userCommand } from './commands/user.js';
import { verifyCommand } from './commands/verify.js';
import { volumeCommand } from './commands/volume.js';
import { runCli } from './run-cli.js';
import { VERSION } from '@nightjar/role';

process.exitCode = await runCli(
  process.argv.slice(2),
  [
    serveCommand,
    checkCommand,
    planCommand,
    applyCommand,
    schemaCommand,
    camerasCommand,
    eventsCommand,
    discoverCommand,
    adoptCommand,
    ptzCommand,
    settingsCommand,
    exportCommand,
    fsckCommand,
    rebuildCommand,
    verifyCommand,
    checkpointCommand,
    volumeCommand,
    retentionCommand,
    holdCommand,
    installServiceCommand,
    userCommand,
    urlCommand,
    migrateCommand,
    backupCommand,
    restoreCommand,
    probeCommand,
    doctorCommand,
    certificateCommand,
    auditCommand,
  ],
  VERSION,
  { out: (line) => console.log(line), err: (line) => console.error(line) },
);
