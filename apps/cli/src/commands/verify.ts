import { readArguments, readSize, readTime } from '../arguments.js';
import { EXIT_FAILED, EXIT_OK, type Command } from '../command.js';
import type { VerifiedDamage } from '../verify/run-verify.js';

export const verifyCommand: Command = {
  name: 'verify',
  summary: 'read footage and check that it is what was recorded',
  usage: `nightjar verify [--volume NAME] [--camera NAME] [--from TIME] [--to TIME] [--rate SIZE] [--offline] [--json]
Reads every file and compares it with the hash taken while it was recorded, and the chain of hashes with the catalog.
Damage is reported and remembered, nothing is changed.
  --config FILE  configuration file (else $NIGHTJAR_CONFIG, else nightjar.yaml)
  --volume NAME  this volume only
  --camera NAME  this camera only
  --from, --to   segments that begin in this range; RFC 3339, as 2026-11-20T13:00:00Z
  --rate SIZE    bytes per second to read at most, as 20MB; without it as fast as the disk
  --offline      without the catalog: each file against its own index; replaced or removed files are not noticed
  --json         print one JSON document
Exit code 0 when all is sound, 1 when something is damaged.`,
  async run(args, { out }) {
    const { values } = readArguments(args, {
      config: { type: 'string' },
      volume: { type: 'string' },
      camera: { type: 'string' },
      from: { type: 'string' },
      to: { type: 'string' },
      rate: { type: 'string' },
      offline: { type: 'boolean' },
      json: { type: 'boolean' },
    });
    const json = values.json === true;
    const damage: VerifiedDamage[] = [];
    // Loaded when asked for: the recorder starts through this program too.
    const { runVerify } = await import('../verify/run-verify.js');
    const results = await runVerify({
      configFile: values.config,
      volume: values.volume,
      camera: values.camera,
      fromMs: values.from === undefined ? 0 : readTime('--from', values.from),
      toMs: values.to === undefined ? Infinity : readTime('--to', values.to),
      offline: values.offline === true,
      bytesPerSecond: values.rate === undefined ? Infinity : readSize('--rate', values.rate),
      damaged: (found) => {
        if (json) damage.push(found);
        else out(`${found.volume}: ${found.kind}: ${found.path} (${found.detail})`);
      },
    });
    if (json) out(JSON.stringify({ volumes: results, damage }, undefined, 2));
    else
      for (const { volume, segments, bytes, damaged } of results)
        out(`${volume}: ${segments} segments, ${bytes} bytes read, ${damaged} damaged`);
    return results.every(({ damaged }) => damaged === 0) ? EXIT_OK : EXIT_FAILED;
  },
};
