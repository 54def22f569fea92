import { z } from 'zod';
import { HOUR_MS, duration, password, text } from './schema-values.js';

/** The streams of a camera, as they are written. */

export const cameraLogin = z.strictObject({
  username: text('user').describe('User name at the camera.'),
  ...password,
});

const SHORT_WHEN_OFFLINE = ['hold', 'disconnect', 'slate'] as const;

const whenOffline = z.strictObject({
  strategy: z
    .enum([...SHORT_WHEN_OFFLINE, 'fallback'])
    .prefault('hold')
    .describe(
      '`hold`: players stay, and it goes on when the camera is back. `disconnect`: they are sent away. `slate`: they see the last picture again and again, colour bars if there was none. `fallback`: they see another stream.',
    ),
  fallback: text('stream')
    .optional()
    .describe(
      'For `fallback`: a stream of the same camera, or `<camera>/<stream>` of another, in the same codec. With another, players wait as with `hold`.',
    ),
  after: duration({ min: 0, max: HOUR_MS })
    .prefault('2s')
    .describe('How long the camera must be away.'),
});

/** Named policies toward cameras that have their ways. Their defaults are what suits a camera that has none. */
export const quirks = z.strictObject({
  teardown: z
    .enum(['always', 'never'])
    .prefault('always')
    .describe(
      '`never`: the connection is closed without TEARDOWN, for cameras that end the sessions of others with it.',
    ),
  keepAlive: z
    .enum(['auto', 'get-parameter', 'options', 'off'])
    .prefault('auto')
    .describe(
      'Request that keeps the session. `auto`: GET_PARAMETER where the camera says that it has it, else OPTIONS.',
    ),
  sessionId: z
    .enum(['first', 'latest'])
    .prefault('first')
    .describe('Which session counts, where the camera names another with each SETUP.'),
  unknownSsrc: z
    .enum(['lasting', 'drop', 'follow'])
    .prefault('lasting')
    .describe(
      'Packets of another SSRC than the first. `lasting`: dropped as leftovers of an older session, until one sends alone for a while. `drop`: always. `follow`: the stream begins anew at once.',
    ),
  unassignedChannel: z
    .enum(['drop', 'reconnect'])
    .prefault('drop')
    .describe('Media on an interleaved channel that the camera was not given.'),
  senderReports: z
    .enum(['own', 'any', 'ignore'])
    .prefault('own')
    .describe(
      'Whose reports tell the time of a track. `any`: also those under another SSRC than its packets. `ignore`: none, for cameras whose times are invented.',
    ),
  receiverReports: z
    .enum(['send', 'off'])
    .prefault('send')
    .describe('`off`: for cameras that close when they get reports.'),
  goodbye: z
    .enum(['believe', 'ignore'])
    .prefault('believe')
    .describe('A BYE of the stream. `ignore`: for cameras that say it and go on.'),
});

export const stream = z.strictObject({
  source: z
    .enum(['pull', 'publish'])
    .prefault('pull')
    .describe(
      '`pull`: Nightjar fetches the stream from `url`. `publish`: an encoder sends it to `rtsp://HOST:8554/<camera>/<stream>`, with the login of a user who may publish.',
    ),
  url: text('url')
    .optional()
    .describe(
      '`rtsp://host[:port]/path` or `rtsps://...` of the camera, without user and password. Required for `pull`.',
    ),
  transport: z
    .enum(['auto', 'tcp', 'udp', 'multicast', 'http', 'websocket'])
    .prefault('auto')
    .describe(
      '`auto` asks for TCP and falls to UDP when the camera refuses it. `udp` and `multicast` fall to TCP when they are refused or bring nothing; groups are joined where the camera is. `http` and `websocket` bring all of it inside one of those, with `rtsps://` inside TLS.',
    ),
  via: text('url')
    .optional()
    .describe(
      'Where the HTTP tunnel or WebSocket goes, as `http://camera/stream` or `wss://camera:8443/rtsp`; on the host of the URL. Absent: host, port and path of the URL.',
    ),
  credentials: cameraLogin
    .optional()
    .describe("Login for this stream, where it is another than the camera's."),
  backchannel: z
    .boolean()
    .prefault(false)
    .describe(
      'Whether users may talk to the camera through this stream (ONVIF back channel): one at a time, with the right to talk.',
    ),
  quirks: quirks
    .prefault({})
    .describe('How a camera that has its ways is dealt with. For a stream that is fetched.'),
  secondPublisher: z
    .enum(['refuse', 'replace'])
    .prefault('refuse')
    .describe(
      'Of a published stream: whether somebody who publishes while another does is refused or takes its place.',
    ),
  whenOffline: z
    .union([z.enum(SHORT_WHEN_OFFLINE), whenOffline])
    .prefault('hold')
    .describe(
      'What players of the stream see while the camera is away. `slate` is short for `{ strategy: slate }`. Recordings are of the camera alone.',
    ),
});
