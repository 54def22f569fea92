import { readArguments, readTime } from '../arguments.js';
import { UsageError, type Command } from '../command.js';

export const exportCommand: Command = {
  name: 'export',
  summary: 'write footage of a camera into one MP4 file',
  usage: `nightjar export CAMERA --start TIME --end TIME -o FILE [--stream NAME] [--gaps cut|keep] [--config FILE] [--json]

Reads the volumes directly: no part of Nightjar has to run, nor the database; so why footage is missing is not told. FILE
must not exist. TIME is as 2026-01-31T12:00:00Z or 2026-01-31T13:00:00+01:00.

  --start TIME   first instant
  --end TIME     first instant that is not wanted any more
  -o FILE        MP4 to write
  --stream NAME  stream (else the one the configuration records, else main)
  --gaps cut     leave out what was not recorded (default); keep: the last picture stands
  --config FILE  configuration file (else $NIGHTJAR_CONFIG, else nightjar.yaml)
  --json         tell the result as JSON`,
  async run(args, { out }) {
    const { values, positionals } = readArguments(
      args,
      {
        start: { type: 'string' },
        end: { type: 'string' },
        output: { type: 'string', short: 'o' },
        stream: { type: 'string' },
        gaps: { type: 'string' },
        config: { type: 'string' },
        json: { type: 'boolean' },
      },
      1,
    );
    const [camera] = positionals;
    const { output, gaps = 'cut' } = values;
    if (camera === undefined || output === undefined)
      throw new UsageError('expected: CAMERA --start TIME --end TIME -o FILE');
    if (gaps !== 'cut' && gaps !== 'keep') throw new UsageError('--gaps is cut or keep');
    const { runExport } = await import('../export/run-export.js');
    return await runExport({
      camera,
      startMs: readTime('--start', values.start ?? ''),
      endMs: readTime('--end', values.end ?? ''),
      output,
      gaps,
      stream: values.stream,
      configFile: values.config,
      json: values.json ?? false,
      out,
    });
  },
};
