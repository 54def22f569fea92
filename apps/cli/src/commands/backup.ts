import { readAsked } from '../arguments.js';
import { EXIT_OK, UsageError, type Command } from '../command.js';

export const backupCommand: Command = {
  name: 'backup',
  summary: 'copy catalog and configuration to a folder, while everything runs',
  usage: `nightjar backup FOLDER [--include-secrets] [--config FILE] [--json]

Writes what the volumes do not hold: the catalog as it is at one instant, with holds, events, devices and the audit trail; the configuration,
what Nightjar keeps beside it, and the keys that sign addresses and checkpoints. FOLDER must not be there yet; only this user can
read it. Footage and jobs are not in it. Nothing has to stop.
  --include-secrets  also the passwords and keys that the configuration names, and those in <dataDir>/secrets; else they are listed
  --config FILE      configuration file (else $NIGHTJAR_CONFIG, else nightjar.yaml)
  --json             print one JSON document`,
  async run(args, output) {
    const { values, positionals, asked } = readAsked(
      args,
      {
        'include-secrets': { type: 'boolean' },
      },
      1,
    );
    // Loaded when asked for: the recorder starts through this program too.
    const { backUp } = await import('../backup/index.js');
    const withSecrets = values['include-secrets'] === true;
    await backUp(asked, { folder: folderIn(positionals), withSecrets }, output);
    return EXIT_OK;
  },
};

export const restoreCommand: Command = {
  name: 'restore',
  summary: 'put a backup in place',
  usage: `nightjar restore FOLDER [--force] [--catalog-only] [--config FILE] [--json]

Compares the backup with its checksums, then puts its files to their places and its catalog into the database of the configuration: all of it,
or nothing. A backup of an earlier version is brought up to date; one of a later version is refused. Run it as the user that Nightjar runs as.
Nightjar has to be stopped: one that runs with the data directory or the database is noticed, and nothing is changed. The database that
Nightjar brings is made and started for it.
  --force          replaces a catalog that is not empty, and puts files that differ aside, as NAME.before-restore
  --catalog-only   leaves files alone
  --config FILE    where the configuration is or goes (else $NIGHTJAR_CONFIG, else where it was)
  --json           print one JSON document`,
  async run(args, output) {
    const { values, positionals, asked } = readAsked(
      args,
      {
        force: { type: 'boolean' },
        'catalog-only': { type: 'boolean' },
      },
      1,
    );
    // Loaded when asked for: the recorder starts through this program too.
    const { restore } = await import('../backup/index.js');
    const catalogOnly = values['catalog-only'] === true;
    const choice = { folder: folderIn(positionals), force: values.force === true, catalogOnly };
    await restore(asked, choice, output);
    return EXIT_OK;
  },
};

function folderIn([folder]: readonly string[]): string {
  if (folder === undefined) throw new UsageError('which FOLDER?');
  return folder;
}
