import { parseDuration } from '@nightjar/config';
import { readAsked, readTime } from '../arguments.js';
import { EXIT_OK, UsageError, type Command } from '../command.js';

const DEFAULT_VALIDITY = '1h';

export const urlCommand: Command = {
  name: 'url',
  summary: 'make an address of a camera that needs no login for a while',
  usage: `nightjar url CAMERA [--stream NAME] [--for DURATION] [--address IP] [--host NAME] [--json]
nightjar url CAMERA --playback [--start TIME] [--end TIME] [the same]

Live video, or with --playback what was recorded. Whoever has the address may watch, until it expires or the key
in <dataDir>/secrets/url-key is removed and Nightjar started anew.
  --for DURATION  how long it is valid, as 30m or 2d (else ${DEFAULT_VALIDITY})
  --address IP    the only address that may use it
  --host NAME     name or address under which players reach this machine (else localhost)
  --config FILE   configuration file (else $NIGHTJAR_CONFIG, else nightjar.yaml)
  --json          print one JSON document`,
  async run(args, output) {
    const { values, positionals, asked } = readAsked(
      args,
      {
        stream: { type: 'string' },
        playback: { type: 'boolean' },
        start: { type: 'string' },
        end: { type: 'string' },
        for: { type: 'string', default: DEFAULT_VALIDITY },
        address: { type: 'string' },
        host: { type: 'string', default: 'localhost' },
      },
      1,
    );
    const [camera] = positionals;
    const { start, end, stream, address, host } = values;
    const playback = values.playback === true;
    if (camera === undefined) throw new UsageError('expected the name of a camera');
    if (!playback && (start ?? end) !== undefined)
      throw new UsageError('--start and --end are for --playback');
    // Loaded when asked for: the recorder starts through this program too.
    const { signUrl } = await import('../url/index.js');
    await signUrl(
      asked,
      {
        action: playback ? 'playback' : 'view',
        camera,
        stream,
        startMs: start === undefined ? undefined : readTime('--start', start),
        endMs: end === undefined ? undefined : readTime('--end', end),
        validMs: parseDuration(values.for),
        address,
        host,
      },
      output,
    );
    return EXIT_OK;
  },
};
