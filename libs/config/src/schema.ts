import { z } from 'zod';
import {
  DURATION_HELP,
  DURATION_PATTERN,
  parseDuration,
  parseSize,
  printDuration,
  printSize,
  SIZE_HELP,
  SIZE_PATTERN,
} from './units.js';

/** The file as it is written. {@link toConfig} makes a NightjarConfig of it; the reference and the chart's schema come from here too. */

const NAME_PATTERN = /^[a-z0-9][a-z0-9-]{0,62}$/;
const NAME_HELP =
  'a name is 1 to 63 lower-case letters, digits and hyphens, the first not a hyphen';
const ENV_PATTERN = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** 224.0.0.0/4 and parts of it. */
const MULTICAST_RANGE = /^2(?:2[4-9]|3\d)(?:\.\d{1,3}){3}\/(?:[4-9]|[12]\d|3[0-2])$/;

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const MIB = 2 ** 20;
const GIB = 2 ** 30;

interface Bounds {
  readonly min: number;
  readonly max: number;
}

function duration({ min, max }: Bounds) {
  return z
    .string({ error: DURATION_HELP })
    .regex(DURATION_PATTERN, DURATION_HELP)
    .meta({ title: 'duration' })
    .transform((text, context) =>
      within(text, { min, max }, parseDuration, printDuration, context),
    );
}

function size({ min, max }: Bounds) {
  return z
    .string({ error: SIZE_HELP })
    .regex(SIZE_PATTERN, SIZE_HELP)
    .meta({ title: 'size' })
    .transform((text, context) => within(text, { min, max }, parseSize, printSize, context));
}

/** Inclusive bounds; a quantity too large to be counted exactly is out of bounds. */
function within(
  text: string,
  bounds: Bounds,
  parse: (text: string) => number,
  print: (value: number) => string,
  context: z.RefinementCtx,
): number {
  let value = Infinity;
  try {
    value = parse(text);
  } catch {
    // Beyond the safe integers: out of bounds, reported below.
  }
  if (value >= bounds.min && value <= bounds.max) return value;
  context.addIssue({
    code: 'custom',
    message: `must be between ${print(bounds.min)} and ${print(bounds.max)}`,
  });
  return z.NEVER;
}

const text = (title: string) => z.string().min(1).max(4096).meta({ title });
const host = (fallback: string) =>
  text('address').prefault(fallback).describe('Address to listen on; `0.0.0.0` for all.');
const port = (fallback: number, what: string) =>
  z.int().min(0).max(65_535).prefault(fallback).describe(`${what} 0 lets the system choose.`);
const envName = () => text('variable').regex(ENV_PATTERN, 'not a name of an environment variable');
const named = <V extends z.ZodType>(value: V) =>
  z.record(z.string().regex(NAME_PATTERN, NAME_HELP), value);

const password = {
  passwordFile: text('path')
    .optional()
    .describe('File that holds the password; one line break at its end is ignored.'),
  passwordEnv: envName().optional().describe('Environment variable that holds the password.'),
};

const url = (what: string) => ({
  url: text('url')
    .optional()
    .describe(`${what} Without a password; if it has one, use urlFile or urlEnv.`),
  urlFile: text('path').optional().describe('File that holds the URL, password and all.'),
  urlEnv: envName().optional().describe('Environment variable that holds the URL.'),
});

const multicast = z.strictObject({
  enabled: z.boolean().prefault(false).describe('Whether players may ask for multicast.'),
  range: text('network')
    .regex(MULTICAST_RANGE, 'not a network of IPv4 multicast addresses, as 239.192.0.0/16 is')
    .prefault('239.192.0.0/16')
    .describe('Addresses to choose from. Each stream that somebody asks for takes one.'),
  firstPort: z
    .int()
    .min(1024)
    .max(65_520)
    .multipleOf(2)
    .prefault(20_000)
    .describe('First UDP port to send to, even. A stream has 16, two per track.'),
  lastPort: z.int().min(1039).max(65_535).prefault(29_999).describe('Last UDP port to send to.'),
  ttl: z
    .int()
    .min(0)
    .max(255)
    .prefault(1)
    .describe(
      'Routers that packets may pass, plus one: 1 stays in the local network, 0 on this machine.',
    ),
  interface: z
    .ipv4()
    .optional()
    .describe('Local address of the network to send to. Absent: as the routing table has it.'),
});

const rtsp = z.strictObject({
  host: host('0.0.0.0'),
  port: port(8554, 'TCP port of the RTSP server.'),
  udp: z.boolean().prefault(true).describe('Whether players may ask for UDP transport.'),
  udpPort: z
    .int()
    .min(0)
    .max(65_534)
    .multipleOf(2)
    .prefault(0)
    .describe(
      'Even port from which players are sent RTP over UDP; RTCP goes from the next one. 0 takes any free pair. Of several media processes each takes the pair after its neighbour.',
    ),
  udpBurst: size({ min: 4 * 1024, max: MIB / 2 })
    .prefault('48KiB')
    .describe(
      'What a UDP player gets at once at most; the rest of a large picture follows in the next intervals. More overflows the receive buffer that players usually have.',
    ),
  udpBurstInterval: duration({ min: 1, max: 1_000 })
    .prefault('5ms')
    .describe('Time in which a UDP player may get as much again.'),
  multicast: multicast.prefault({}).describe('Streams to groups that any number may listen to.'),
  closeAfter: duration({ min: 0, max: DAY_MS })
    .prefault('10s')
    .describe('A stream that is not recorded leaves its camera this long after its last reader.'),
  maxReaderQueueBytes: size({ min: 64 * 1024, max: GIB })
    .prefault('4MiB')
    .describe('What may wait for one slow reader before it skips to the next keyframe.'),
  startTimeout: duration({ min: 100, max: 5 * MINUTE_MS })
    .prefault('10s')
    .describe('How long a reader waits for a camera that has to be connected first.'),
});

const relay = z.strictObject({
  gopCache: size({ min: 0, max: 64 * GIB })
    .prefault('256MiB')
    .describe(
      'Memory for the pictures since the last keyframe, which start a new reader at once; of all streams of one media process together. Beyond it the stream with the most gives up, and its readers start at its next keyframe.',
    ),
});

const media = z.strictObject({
  processes: z
    .union([z.literal('auto'), z.int().min(1).max(64)])
    .prefault('auto')
    .describe(
      'Processes that relay, record and play back. `auto`: one per 32 cameras, but not more than there are cores.',
    ),
});

const recording = z.strictObject({
  segment: duration({ min: 1_000, max: HOUR_MS })
    .prefault('60s')
    .describe('Length of one file. Files begin at the keyframe at or after a multiple of it.'),
  fragment: duration({ min: 100, max: MINUTE_MS })
    .prefault('1s')
    .describe('Unit of durability: what a power cut can cost.'),
  sync: z
    .enum(['fragment', 'segment', 'none'])
    .prefault('fragment')
    .describe(
      'When data is forced to the disk: after every fragment, at the end of a file, or when the system likes.',
    ),
  queueBytes: size({ min: MIB, max: GIB })
    .prefault('16MiB')
    .describe(
      'What may wait, per stream, for a slow disk before pictures are dropped and a gap is noted.',
    ),
});

const stream = z.strictObject({
  url: text('url').describe('`rtsp://host[:port]/path` of the camera, without user and password.'),
  transport: z
    .enum(['auto', 'tcp', 'udp'])
    .prefault('auto')
    .describe('`auto` asks for TCP and falls to UDP when the camera refuses it.'),
});

const record = z.strictObject({
  stream: text('stream').prefault('main').describe('Stream to record.'),
  mode: z.enum(['continuous', 'off']).prefault('continuous').describe('When to record.'),
});

const camera = z.strictObject({
  streams: named(z.union([text('url'), stream])).describe(
    'By name; `main` is required. A bare URL is short for `{ url: ... }`.',
  ),
  credentials: z
    .strictObject({ username: text('user').describe('User name at the camera.'), ...password })
    .optional()
    .describe('Login at the camera. Give one of passwordFile and passwordEnv.'),
  record: z
    .union([z.enum(['continuous', 'off']), record])
    .optional()
    .describe(
      'Absent: not recorded. `continuous` is short for `{ stream: main, mode: continuous }`.',
    ),
  retention: z
    .strictObject({
      maxAge: duration({ min: MINUTE_MS, max: 36_525 * DAY_MS })
        .optional()
        .describe('Footage older than this is deleted.'),
      maxBytes: size({ min: MIB, max: Number.MAX_SAFE_INTEGER })
        .optional()
        .describe('The oldest footage beyond this is deleted.'),
    })
    .prefault({})
    .describe(
      'How long footage is kept. Without a rule it stays until the volume needs the space.',
    ),
  reconnect: z
    .strictObject({
      initial: duration({ min: 10, max: HOUR_MS })
        .prefault('1s')
        .describe('First pause after a failure; doubles with each further one.'),
      max: duration({ min: 10, max: DAY_MS }).prefault('3s').describe('Longest pause.'),
      tries: z
        .int()
        .min(1)
        .optional()
        .describe('Failures in a row before Nightjar gives up. Absent: never.'),
    })
    .prefault({})
    .describe('Pauses between attempts to reach the camera.'),
  inactivity: duration({ min: 500, max: HOUR_MS })
    .prefault('5s')
    .describe('A connection that brings no packet for so long is dropped and made anew.'),
});

const user = z.strictObject({
  ...password,
  role: z
    .enum(['admin', 'viewer'])
    .prefault('viewer')
    .describe('A viewer watches live and recorded video; an admin may do everything.'),
  cameras: z.array(text('camera')).optional().describe('Cameras a viewer may see. Absent: all.'),
});

/** Strict everywhere: an unknown key is an error, so that a typing mistake cannot switch a setting off. */
export const fileSchema = z.strictObject({
  version: z.literal(1).describe('Version of this format.'),
  dataDir: text('path')
    .optional()
    .describe(
      'Where Nightjar keeps its data. `NIGHTJAR_DATA_DIR` and `--data` win; without any, `nightjar-data` in the working directory.',
    ),
  cameras: named(camera)
    .prefault({})
    .describe('The cameras, by mount name: `rtsp://HOST:8554/<name>`.'),
  users: named(user).prefault({}).describe('Who may watch. Without any user everybody may.'),
  rtsp: rtsp.prefault({}).describe('The RTSP server that players use.'),
  relay: relay.prefault({}).describe('What cameras send on its way to readers.'),
  http: z
    .strictObject({ host: host('0.0.0.0'), port: port(8080, 'TCP port of web interface and API.') })
    .prefault({})
    .describe('Web interface and API.'),
  operations: z
    .strictObject({
      host: host('127.0.0.1'),
      port: port(9464, 'TCP port of /metrics, /healthz and /readyz.'),
    })
    .prefault({})
    .describe('For monitoring; has no login, keep it on the local network.'),
  volumes: named(
    z.strictObject({
      path: text('path').describe('Folder for footage.'),
      minFreeBytes: size({ min: 0, max: Number.MAX_SAFE_INTEGER })
        .prefault('1GB')
        .describe('The oldest footage is deleted when less than this is free.'),
    }),
  )
    .optional()
    .describe('Where footage goes. Absent: one volume `main` in `<dataDir>/volumes/main`.'),
  media: media.prefault({}).describe('How the work of the media role is spread.'),
  recording: recording.prefault({}).describe('How footage is written.'),
  database: z
    .strictObject(url('`postgres://user@host/database`.'))
    .prefault({})
    .describe('PostgreSQL for the catalog. Absent: an embedded one. `NIGHTJAR_DATABASE_URL` wins.'),
  queue: z
    .strictObject({
      backend: z
        .enum(['postgres', 'redis'])
        .prefault('postgres')
        .describe('Where jobs are queued.'),
      ...url(
        "`redis://host:6379`, required for redis; for postgres the default is the catalog's database.",
      ),
    })
    .prefault({})
    .describe('Job queue.'),
  retention: z
    .strictObject({
      interval: duration({ min: 1_000, max: DAY_MS })
        .prefault('60s')
        .describe('Time between two sweeps.'),
    })
    .prefault({})
    .describe('When footage is looked at for deletion.'),
  log: z
    .strictObject({
      level: z
        .enum(['debug', 'info', 'warn', 'error'])
        .prefault('info')
        .describe('Least level that is written.'),
      format: z
        .enum(['auto', 'json', 'pretty'])
        .prefault('auto')
        .describe('`auto` is pretty on a terminal and JSON elsewhere.'),
    })
    .prefault({})
    .describe('Log output.'),
});

/** The file after zod: shorthands, secrets and paths are still as written. */
export type ConfigFile = z.output<typeof fileSchema>;
export type CameraEntry = ConfigFile['cameras'][string];
export type PasswordReference = Pick<ConfigFile['users'][string], 'passwordFile' | 'passwordEnv'>;
export type UrlReference = ConfigFile['database'];

/** JSON Schema (draft-07) of the file as a user writes it. */
export function configJsonSchema(): Record<string, unknown> {
  return z.toJSONSchema(fileSchema, { target: 'draft-7', io: 'input' });
}
