import { z } from 'zod';
import { quirks } from './schema-quirks.js';
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
      '`rtsp://host[:port]/path` or `rtsps://...` of the camera, without user and password; a link-local address with the interface that it is at, as `rtsp://[fe80::7%eth0]/main`. Required for `pull`.',
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
