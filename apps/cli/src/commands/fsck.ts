import { readArguments } from '../arguments.js';
import { EXIT_FAILED, EXIT_OK, type Command, type Output } from '../command.js';
import type { FsckOptions, FsckResult } from '../fsck/index.js';

const OPTIONS = {
  config: { type: 'string' },
  volume: { type: 'string' },
  json: { type: 'boolean' },
} as const;

export const fsckCommand: Command = {
  name: 'fsck',
  summary: 'compare the footage on the volumes with the catalog',
  usage: `nightjar fsck [--config FILE] [--volume NAME] [--repair] [--json]
Opens every file and compares it with its row in the catalog. Files are never changed.
  --config FILE  configuration file (else $NIGHTJAR_CONFIG, else nightjar.yaml)
  --volume NAME  look at this volume only
  --repair       make and correct rows of files, drop rows whose file is gone
  --json         print one JSON document
Exit code 0 when nothing is left to mend, 1 when something is.`,
  run(args, output) {
    const { values } = readArguments(args, { ...OPTIONS, repair: { type: 'boolean' } });
    return compare({ ...values, repair: values.repair === true ? 'all' : 'nothing' }, output);
  },
};

export const rebuildCommand: Command = {
  name: 'rebuild',
  summary: 'rebuild the catalog from the volumes alone',
  usage: `nightjar rebuild [--config FILE] [--volume NAME] [--json]
Makes the rows of all segments from their files: for a database that was lost, or is older than the footage. Rows that
have no file are reported and left.
  --config FILE  configuration file (else $NIGHTJAR_CONFIG, else nightjar.yaml)
  --volume NAME  this volume only
  --json         print one JSON document
Exit code 0 when catalog and files agree, 1 when something is left.`,
  run(args, output) {
    const { values } = readArguments(args, OPTIONS);
    return compare({ ...values, repair: 'rows' }, output);
  },
};

interface Asked {
  readonly config?: string | undefined;
  readonly volume?: string | undefined;
  readonly json?: boolean | undefined;
  readonly repair: FsckOptions['repair'];
}

async function compare({ config, volume, json, repair }: Asked, { out }: Output): Promise<number> {
  // Loaded when asked for: the recorder starts through this program too.
  const { runFsck } = await import('../fsck/index.js');
  const findings: object[] = [];
  const results = await runFsck({
    ...(config !== undefined && { configFile: config }),
    ...(volume !== undefined && { volume }),
    repair,
    found: (name, finding) => {
      const { kind, path, detail, repaired } = finding;
      if (json === true) findings.push({ volume: name, ...finding });
      else out(`${name}: ${kind}: ${path} (${detail})${repaired ? ', repaired' : ''}`);
    },
  });
  if (json === true) out(JSON.stringify({ volumes: results, findings }, undefined, 2));
  else for (const result of results) out(summaryOf(result));
  return results.every(({ left }) => left === 0) ? EXIT_OK : EXIT_FAILED;
}

function summaryOf({ volume, files, findings, left, seconds }: FsckResult): string {
  const rate = Math.round(files / Math.max(seconds, 0.001));
  return `${volume}: ${files} files, ${findings} findings, ${findings - left} repaired (${rate} files/s)`;
}
