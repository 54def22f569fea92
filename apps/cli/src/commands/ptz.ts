import { parseDuration } from '@nightjar/config';
import { readAsked } from '../arguments.js';
import { EXIT_OK, UsageError, type Command } from '../command.js';

const MAX_MOVE_MS = 30_000;
const DIRECTIONS: Readonly<Record<string, { pan?: number; tilt?: number; zoom?: number }>> = {
  left: { pan: -1 },
  right: { pan: 1 },
  up: { tilt: 1 },
  down: { tilt: -1 },
  in: { zoom: 1 },
  out: { zoom: -1 },
};

export const ptzCommand: Command = {
  name: 'ptz',
  summary: 'move a camera',
  usage: `nightjar ptz CAMERA left|right|up|down|in|out [--for TIME] [--speed 0.5]
nightjar ptz CAMERA stop|home|presets [--json]
nightjar ptz CAMERA preset|save|remove NAME

  --for TIME     how long it moves (else 1s)
  --speed SHARE  of its fastest, 0 to 1 (else 0.5)
  --config FILE  configuration file (else $NIGHTJAR_CONFIG, else nightjar.yaml)
  --json         print one JSON document`,
  async run(args, output) {
    const { values, positionals, asked } = readAsked(
      args,
      {
        for: { type: 'string', default: '1s' },
        speed: { type: 'string', default: '0.5' },
      },
      3,
    );
    const [camera, verb, preset] = positionals;
    if (camera === undefined || verb === undefined) throw new UsageError('expected: CAMERA VERB');
    // Loaded when asked for: the recorder starts through this program too.
    const run = await import('../discovery/index.js');
    if (verb === 'presets' && preset === undefined) {
      await run.listPresets(asked, camera, output);
      return EXIT_OK;
    }
    const direction = Object.hasOwn(DIRECTIONS, verb) ? DIRECTIONS[verb] : undefined;
    if (direction !== undefined && preset === undefined) {
      const speed = readSpeed(values.speed);
      const { pan = 0, tilt = 0, zoom = 0 } = direction;
      const scaled = { pan: pan * speed, tilt: tilt * speed, zoom: zoom * speed };
      await run.moveCamera(asked, camera, {
        action: 'move',
        ...scaled,
        forMs: readMoveTime(values.for),
      });
    } else if ((verb === 'stop' || verb === 'home') && preset === undefined)
      await run.moveCamera(asked, camera, { action: verb });
    else if (verb === 'preset' && preset !== undefined)
      await run.moveCamera(asked, camera, { action: 'go-to-preset', preset });
    else if (verb === 'save' && preset !== undefined)
      await run.moveCamera(asked, camera, { action: 'save-preset', preset });
    else if (verb === 'remove' && preset !== undefined)
      await run.moveCamera(asked, camera, { action: 'remove-preset', preset });
    else throw new UsageError(`"${verb}" is no way to move, or lacks its preset`);
    return EXIT_OK;
  },
};

function readSpeed(text: string): number {
  const speed = Number(text);
  if (text !== '' && speed > 0 && speed <= 1) return speed;
  throw new UsageError('--speed wants a number above 0, up to 1');
}

function readMoveTime(text: string): number {
  const ms = parseDuration(text);
  if (ms > 0 && ms <= MAX_MOVE_MS) return ms;
  throw new UsageError('--for wants a time up to 30s');
}
