import { z } from 'zod';
import {
  DAY_MS,
  GIB,
  MINUTE_MS,
  duration,
  parsed,
  password,
  size,
  text,
} from '../schema-values.js';
import { parseAddressRange } from './address-range.js';
import { parsePasswordHash } from './password-hash.js';

/** What a user may be allowed to do with a camera. */
export const CAMERA_ACTIONS = ['view', 'playback', 'publish', 'talk', 'control'] as const;
export const ROLES = ['admin', 'operator', 'viewer', 'publisher'] as const;

/** Letters, digits and `. _ @ -`: a colon would end it in HTTP Basic, others need quoting somewhere. */
const USER_NAME = /^[A-Za-z0-9][A-Za-z0-9._@-]{0,62}$/;
export const USER_NAME_HELP =
  'a user name is 1 to 63 letters, digits and . _ @ -, the first a letter or a digit';

export function isUserName(text: string): boolean {
  return USER_NAME.test(text);
}

const passwordHash = parsed('hash', parsePasswordHash);
export const addressRanges = () => z.array(parsed('network', parseAddressRange)).min(1).max(256);

const permission = z.strictObject({
  actions: z
    .array(z.enum(CAMERA_ACTIONS))
    .min(1)
    .describe('What is allowed: `view` is live video, `control` says when a camera is recorded.'),
  cameras: z
    .array(text('camera'))
    .optional()
    .describe('At these cameras. Without `cameras` and `groups`: at all.'),
  groups: z.array(text('group')).optional().describe('At the cameras of these groups.'),
});

const user = z.strictObject({
  ...password,
  passwordHash: z
    .union([passwordHash, z.array(passwordHash).min(1).max(4)])
    .optional()
    .describe(
      'Instead of a password what `nightjar user hash` makes of it. RTSP in the clear takes `ha1-md5` and `ha1-sha256`, RTSPS and HTTP any.',
    ),
  role: z
    .enum(ROLES)
    .optional()
    .describe(
      'A viewer (the default) watches live and recorded video; an operator also talks and says when cameras are recorded; a publisher only sends video; an admin may do everything.',
    ),
  cameras: z
    .array(text('camera'))
    .optional()
    .describe(
      'Cameras that the role is for, `files` for media files. Without `cameras` and `groups`: all.',
    ),
  groups: z.array(text('group')).optional().describe('Groups of cameras that the role is for.'),
  permissions: z
    .array(permission)
    .min(1)
    .max(64)
    .optional()
    .describe('Instead of a role: what is allowed where.'),
  allowFrom: addressRanges()
    .optional()
    .describe('Addresses and networks this user may come from. Absent: all.'),
});

export const users = z.record(z.string().regex(USER_NAME, USER_NAME_HELP), user);

export const access = z.strictObject({
  allowFrom: addressRanges()
    .optional()
    .describe('Addresses and networks that may connect at all, RTSP and HTTP. Absent: all.'),
  logins: z
    .strictObject({
      tries: z
        .int()
        .min(1)
        .max(10_000)
        .prefault(10)
        .describe('Wrong passwords that one address may try at once.'),
      window: duration({ min: 1_000, max: DAY_MS })
        .prefault('10m')
        .describe('Time in which it may try as many again.'),
    })
    .prefault({})
    .describe('What slows down guessing.'),
  signedUrls: z
    .strictObject({
      maxAge: duration({ min: MINUTE_MS, max: 366 * DAY_MS })
        .prefault('7d')
        .describe('Longest validity that may be asked for.'),
    })
    .prefault({})
    .describe('Addresses of a camera that need no login for a while.'),
  audit: z
    .strictObject({
      maxAge: duration({ min: DAY_MS, max: 3_660 * DAY_MS })
        .prefault('365d')
        .describe('Older entries are forgotten.'),
    })
    .prefault({})
    .describe('Who was let in, denied, or changed something.'),
});

const count = (max: number) => z.int().min(1).max(max);
const rate = (usual: number) => z.number().min(1).max(100_000).prefault(usual);

export const limits = z.strictObject({
  connections: count(1_000_000)
    .prefault(10_000)
    .describe(
      'RTSP connections of all clients together; more get 503. Several media processes have an equal share each.',
    ),
  connectionsPerAddress: count(1_000_000)
    .prefault(2_000)
    .describe(
      'RTSP connections of one address (IPv6: of one /64); more get 503. Shared out in the same way.',
    ),
  silentConnections: count(100_000)
    .prefault(1_024)
    .describe(
      'Connections without a completed request: to the RTSP port, of one media process, and to the HTTP port. Beyond so many the oldest is closed for a new one.',
    ),
  silentTimeout: duration({ min: 1_000, max: 10 * MINUTE_MS })
    .prefault('10s')
    .describe(
      'Time in which such a connection must complete its first request (to the RTSP port: show what it carries, and again as long for the request); then it is closed.',
    ),
  requestsPerSecond: rate(100).describe(
    'Requests on one RTSP connection, twice as many at once; more get 503.',
  ),
  requestsPerSecondPerAddress: rate(2_000).describe(
    'The same for all RTSP connections of one address (IPv6: of one /64). Several media processes have an equal share each.',
  ),
  httpRequestsPerSecond: rate(200).describe(
    'HTTP requests of one address, twice as many at once; more get 429. Clients behind a proxy that is not among `http.trustedProxies` count as one.',
  ),
  httpConnections: count(1_000_000)
    .prefault(4_096)
    .describe(
      'Connections to the HTTP port of all clients together, those that carry RTSP too; more get 503.',
    ),
  httpConnectionsPerAddress: count(1_000_000)
    .prefault(512)
    .describe(
      'Connections to the HTTP port of one address (IPv6: of one /64); more get 503. Those of `http.trustedProxies` count among all alone.',
    ),
  readersPerStream: count(100_000)
    .prefault(2_000)
    .describe('Players of one stream, of what is recorded of one, or of one file; more get 503.'),
  readerBandwidth: size({ min: 16 * 1024, max: 64 * GIB })
    .optional()
    .describe(
      'Bytes per second that one player gets. A stream that brings more is refused with 453; one that comes to do so skips to keyframes, and recordings and files are sent slower. Absent: any.',
    ),
  streamBandwidth: size({ min: 16 * 1024, max: 64 * GIB })
    .optional()
    .describe(
      'Bytes per second that the players of one stream get together; who would be too many gets 453. Absent: any.',
    ),
  publishers: count(100_000)
    .prefault(64)
    .describe('Streams that are published to Nightjar at once, in one media process.'),
  cameraConnections: count(100_000)
    .prefault(4_096)
    .describe('Connections to cameras at once, in one media process.'),
  startingCameras: count(1_024)
    .prefault(16)
    .describe('Cameras that are being connected at once, in one media process.'),
  memory: size({ min: 64 * 1024 * 1024, max: 64 * 1024 * GIB })
    .optional()
    .describe(
      'Resident memory of one media process above which new players get 503. Absent: 70 % of what there is, divided by the number of media processes.',
    ),
  cpu: z
    .number()
    .gt(0)
    .max(1)
    .prefault(0.98)
    .describe(
      'Share of its time that the event loop of a media process is busy, over 10 s, above which new players get 503. 1: no ceiling.',
    ),
});

export type UserEntry = z.output<typeof user>;
export type LimitsEntry = z.output<typeof limits>;
