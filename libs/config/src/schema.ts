import { z } from 'zod';
import { access, addressRanges, limits, users } from './access/schema-access.js';
import { cameraOnvif, discovery } from './discovery/schema-discovery.js';
import { cameraLogin, stream } from './schema-streams.js';
import { onvif } from './schema-onvif.js';
import { record, retentionPolicy, schedule, volumeAges } from './schema-recording.js';
import { cameraTls, ORIGIN, serverTls } from './schema-tls.js';
import {
  MINUTE_MS,
  HOUR_MS,
  DAY_MS,
  MIB,
  GIB,
  duration,
  size,
  text,
  host,
  port,
  envName,
  named,
  password,
} from './schema-values.js';

/** The file as it is written. {@link toConfig} makes a NightjarConfig of it; the reference and the chart's schema come from here too. */

/** 224.0.0.0/4 and parts of it. */
const MULTICAST_RANGE = /^2(?:2[4-9]|3\d)(?:\.\d{1,3}){3}\/(?:[4-9]|[12]\d|3[0-2])$/;

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
  sessionTimeout: duration({ min: 5_000, max: 10 * MINUTE_MS })
    .prefault('60s')
    .describe(
      'How long a session over UDP or multicast, or one that does not play, lasts without a request or report of its player; told to players, who get ten seconds more.',
    ),
  srtp: z
    .boolean()
    .prefault(true)
    .describe(
      'Whether players that connect by TLS (rtsps) are offered SRTP, so that their media is encrypted over UDP too. Keys are never told without TLS.',
    ),
  multicast: multicast.prefault({}).describe('Streams to groups that any number may listen to.'),
  tls: serverTls
    .optional()
    .describe('RTSP over TLS (`rtsps://`), on the same port as without. Absent: not offered.'),
  webSocketOrigins: z
    .array(text('origin').regex(ORIGIN, 'not an origin, as https://nvr.example:8443 is'))
    .prefault([])
    .describe(
      'Web pages that may open RTSP over WebSocket, by their origin as browsers send it; `*` is any. Programs that are no browsers send none, and may.',
    ),
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
  placement: z
    .enum(['order', 'free-space'])
    .prefault('order')
    .describe(
      'Which of its volumes a camera records on: the first that can be written, or the one with the most free space.',
    ),
  whenFull: z
    .enum(['stop-lowest-priority', 'alarm'])
    .prefault('stop-lowest-priority')
    .describe(
      'When a volume is full and all on it is protected: stop recording cameras of the lowest priority, or only raise the alarm.',
    ),
});

/** One camera as it is written. */
export const cameraSchema = z.strictObject({
  streams: named(z.union([text('url'), stream])).describe(
    'By name; `main` is required. A bare URL is short for `{ url: ... }`.',
  ),
  credentials: cameraLogin
    .optional()
    .describe('Login at the camera. Give one of passwordFile and passwordEnv.'),
  tls: cameraTls.optional().describe('What is asked of certificates of the camera.'),
  onvif: cameraOnvif.optional().describe('The camera as a device in the network (ONVIF).'),
  redirectHosts: z
    .array(text('host'))
    .prefault([])
    .describe(
      'Other hosts that the camera may redirect to; they are given the login too. Its own it always may, but not out of TLS.',
    ),
  group: text('group').optional().describe('Name of one of `groups`, whose rules it follows too.'),
  volumes: z
    .array(text('volume'))
    .min(1)
    .optional()
    .describe(
      'Volumes to record on, the preferred first; the next is used when it cannot be written. Absent: all.',
    ),
  priority: z
    .int()
    .min(0)
    .max(100)
    .prefault(50)
    .describe('When the disks are full, cameras of the lowest priority stop recording first.'),
  record: z
    .union([z.enum(['continuous', 'off']), record, z.array(record).min(1)])
    .optional()
    .describe(
      'Absent: not recorded. `continuous` is short for `{ stream: main, mode: continuous }`. A list records several streams.',
    ),
  retention: z
    .strictObject(retentionPolicy)
    .prefault({})
    .describe(
      "How long footage is kept; what is absent here is taken from the camera's group. Without a rule it stays until the volume needs the space.",
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
        .describe('Attempts in a row to reach it again before Nightjar gives up. Absent: no end.'),
      unauthorized: z
        .strictObject({
          tries: z
            .int()
            .min(1)
            .max(100)
            .prefault(3)
            .describe('Refused logins in a row, of all streams of the camera together.'),
          pause: duration({ min: 1_000, max: DAY_MS })
            .prefault('1m')
            .describe('Pause after the first; doubles with each further one.'),
          afterwards: z
            .union([z.literal('stop'), duration({ min: MINUTE_MS, max: 30 * DAY_MS })])
            .prefault('stop')
            .describe(
              '`stop`: no further try until the credentials change or Nightjar restarts. A duration: one try in such a time.',
            ),
        })
        .prefault({})
        .describe('When the camera refuses the login: cameras lock accounts out.'),
    })
    .prefault({})
    .describe('Pauses between attempts to reach the camera.'),
  inactivity: duration({ min: 500, max: HOUR_MS })
    .prefault('5s')
    .describe('A connection that brings no packet for so long is dropped and made anew.'),
});

/** Strict everywhere: an unknown key is an error, so that a typing mistake cannot switch a setting off. */
export const fileSchema = z.strictObject({
  version: z.literal(1).describe('Version of this format.'),
  dataDir: text('path')
    .optional()
    .describe(
      'Where Nightjar keeps its data. `NIGHTJAR_DATA_DIR` and `--data` win; without any, `nightjar-data` in the working directory.',
    ),
  cameras: named(cameraSchema)
    .prefault({})
    .describe('The cameras, by mount name: `rtsp://HOST:8554/<name>`.'),
  groups: named(
    z.strictObject({
      retention: z
        .strictObject(retentionPolicy)
        .prefault({})
        .describe('For cameras of the group; maxBytes is for all of them together.'),
    }),
  )
    .prefault({})
    .describe('Cameras that share rules.'),
  schedules: named(schedule)
    .prefault({})
    .describe('Times of the week, by name, for cameras to refer to.'),
  users: users.prefault({}).describe('Who may do what. Without any user everybody may watch.'),
  access: access.prefault({}).describe('Who may come at all, and how often.'),
  limits: limits
    .prefault({})
    .describe(
      'What clients may take before the next one is refused, so that those who are there lose nothing.',
    ),
  rtsp: rtsp.prefault({}).describe('The RTSP server that players use.'),
  relay: relay.prefault({}).describe('What cameras send on its way to readers.'),
  http: z
    .strictObject({
      host: host('0.0.0.0'),
      port: port(8080, 'TCP port of web interface and API.'),
      trustedProxies: addressRanges()
        .optional()
        .describe(
          'Reverse proxies whose `X-Forwarded-For` is believed. Without it all clients of a proxy count as one address.',
        ),
      rtspServer: z
        .strictObject({
          host: text('host').describe('Its host name or address.'),
          port: port(8554, 'Its TCP port.'),
        })
        .optional()
        .describe(
          'Where RTSP in HTTP tunnels and WebSockets on this port goes; it must have the same `secrets/url-key`. Absent: to the RTSP server of this machine.',
        ),
    })
    .prefault({})
    .describe('Web interface and API.'),
  onvif: onvif.prefault({}).describe('Nightjar as a device for software that speaks ONVIF.'),
  operations: z
    .strictObject({
      host: host('127.0.0.1'),
      port: port(9464, 'TCP port of /metrics, /healthz, /startupz and /readyz.'),
    })
    .prefault({})
    .describe(
      'For monitoring; has no login, keep it on the local network. `NIGHTJAR_OPERATIONS_HOST` and `NIGHTJAR_OPERATIONS_PORT` win.',
    ),
  volumes: named(
    z.strictObject({
      path: text('path').describe('Folder for footage.'),
      minFreeBytes: size({ min: 0, max: Number.MAX_SAFE_INTEGER })
        .prefault('1GB')
        .describe('The oldest footage is deleted when less than this is free.'),
      maxBytes: size({ min: MIB, max: Number.MAX_SAFE_INTEGER })
        .optional()
        .describe('The oldest footage on the volume beyond this is deleted.'),
      ...volumeAges,
      state: z
        .enum(['active', 'read-only', 'draining'])
        .prefault('active')
        .describe(
          '`active`: footage is written here. `read-only`: nothing is written or deleted. `draining`: nothing is written; retention empties it.',
        ),
      adopt: z
        .enum(['never', 'empty'])
        .prefault('never')
        .describe(
          'Whether an empty folder without an identity is taken as this volume by itself. `never`: only by `nightjar volume adopt`.',
        ),
    }),
  )
    .optional()
    .describe('Where footage goes. Absent: one volume `main` in `<dataDir>/volumes/main`.'),
  media: media.prefault({}).describe('How the work of the media role is spread.'),
  files: z
    .strictObject({
      root: text('path')
        .optional()
        .describe(
          'Folder of media files that players may ask for as `rtsp://HOST:8554/files/<path>`. Absent: none. Read anew when the configuration changes.',
        ),
      maxOpen: z
        .int()
        .min(1)
        .max(100_000)
        .prefault(256)
        .describe(
          'Files that one media process plays at once at most; who asks for more gets 503.',
        ),
    })
    .prefault({})
    .describe('Media files that are served as they are.'),
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
        "`redis://host:6379` or `rediss://` (TLS), required for redis; for postgres the default is the catalog's database.",
      ),
      ...password,
      caFile: text('path')
        .optional()
        .describe(
          'With `rediss://`: certificates of authorities that the server may be vouched for by, PEM. Absent: those of the system.',
        ),
    })
    .prefault({})
    .describe('Job queue.'),
  retention: z
    .strictObject({
      interval: duration({ min: 1_000, max: DAY_MS })
        .prefault('60s')
        .describe('Time between two sweeps.'),
      maxShare: z
        .number()
        .gt(0)
        .max(1)
        .prefault(0.25)
        .describe(
          'A sweep that would delete more than this share of the footage on a volume stops and asks: `nightjar retention approve`.',
        ),
    })
    .prefault({})
    .describe('When footage is looked at for deletion.'),
  events: z
    .strictObject({
      file: text('path')
        .optional()
        .describe(
          'File or named pipe that other programs append events to, one JSON object per line, as the API takes them.',
        ),
      maxAge: duration({ min: HOUR_MS, max: 36_525 * DAY_MS })
        .prefault('365d')
        .describe('Events older than this, without footage, are forgotten.'),
    })
    .prefault({})
    .describe('What happens in front of cameras.'),
  discovery: discovery.prefault({}).describe('How cameras are looked for in the network (ONVIF).'),
  integrity: z
    .strictObject({
      interval: duration({ min: HOUR_MS, max: 365 * DAY_MS })
        .prefault('30d')
        .describe('Every file is read and compared with its hash once in this time.'),
      maxRate: size({ min: 64 * 1024, max: 64 * GIB })
        .prefault('20MB')
        .describe('Bytes per second that the check reads at most, per volume.'),
      checkpoints: z
        .boolean()
        .prefault(true)
        .describe('Whether the state of the archive is signed once a day.'),
    })
    .prefault({})
    .describe('Checks that footage is what was recorded.'),
  exports: z
    .strictObject({
      directory: text('path')
        .optional()
        .describe('Where finished exports wait to be fetched. Absent: `<dataDir>/exports`.'),
      maxAge: duration({ min: MINUTE_MS, max: 3650 * DAY_MS })
        .prefault('7d')
        .describe('An export is deleted this long after it was asked for.'),
      maxBytes: size({ min: MIB, max: Number.MAX_SAFE_INTEGER })
        .prefault('50GB')
        .describe('What all exports together may take.'),
    })
    .prefault({})
    .describe('Footage that is put together for somebody to take away.'),
  pictures: z
    .strictObject({
      ffmpeg: z
        .union([text('program'), z.array(text('argument')).min(1)])
        .prefault('ffmpeg')
        .describe(
          'Program that makes snapshots and thumbnails: a name on the PATH, or a path. As a list, what comes before its arguments, to run it in a container: `[docker, run, -i, --rm, --network, none, --entrypoint, ffmpeg, IMAGE]`. It reads from standard input and writes to standard output alone.',
        ),
    })
    .prefault({})
    .describe('Single pictures of footage.'),
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
/** One stream's recording as it is written. */
export const recordSchema = record;
export type RecordEntry = z.output<typeof record>;
export type ScheduleEntry = z.output<typeof schedule>;
export type PasswordReference = Pick<ConfigFile['users'][string], 'passwordFile' | 'passwordEnv'>;
export type UrlReference = ConfigFile['database'];

/** JSON Schema (draft-07) of the file as a user writes it. */
export function configJsonSchema(): Record<string, unknown> {
  return z.toJSONSchema(fileSchema, { target: 'draft-7', io: 'input' });
}
