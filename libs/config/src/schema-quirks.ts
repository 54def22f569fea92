import { z } from 'zod';

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
  authentication: z
    .enum(['strongest', 'digest-md5', 'basic'])
    .prefault('strongest')
    .describe(
      'Which challenge is answered where the camera offers several: SHA-256 before MD5 before Basic, or one of them. `basic` shows the password to whoever listens, unless inside TLS.',
    ),
  controlBase: z
    .enum(['given', 'asked'])
    .prefault('given')
    .describe(
      'What the URLs of tracks are relative to. `asked`: the URL of the stream, whatever base the camera names; PLAY goes there, too.',
    ),
  controlUrl: z
    .enum(['append', 'resolve'])
    .prefault('append')
    .describe(
      'How the URL of a track is made. `append`: behind the base and its query, as most cameras want it. `resolve`: by the book (RFC 3986).',
    ),
  direction: z
    .enum(['onvif', 'ignore'])
    .prefault('onvif')
    .describe(
      'What `a=sendonly` means. `onvif`: sound to the camera. `ignore`: nothing, all media come from the camera; there is no back channel then.',
    ),
  playRange: z
    .enum(['auto', 'start', 'now', 'none'])
    .prefault('auto')
    .describe(
      'Range of PLAY: `npt=0.000-`, `npt=now-`, or none. `auto`: from the start, and from now where the back channel is used. A camera that refuses it is asked without.',
    ),
  earlyMedia: z
    .enum(['take', 'drop'])
    .prefault('take')
    .describe(
      'Media before the answer to PLAY. `drop`: for cameras that send what an older session left.',
    ),
  marker: z
    .enum(['believe', 'ignore'])
    .prefault('believe')
    .describe(
      'The mark on the last packet of a picture of H.264 or H.265. `ignore`: for cameras that mark each slice; pictures are told apart by their timestamps, and come one later.',
    ),
  pictureTimes: z
    .enum(['camera', 'arrival'])
    .prefault('camera')
    .describe(
      'Timestamps of pictures. `arrival`: when they came, for cameras whose clock stands, jumps or runs at another rate; not for B-frames.',
    ),
  parameterSets: z
    .enum(['sdp', 'stream'])
    .prefault('sdp')
    .describe(
      'Where the parameter sets of H.264 and H.265 come from first. `stream`: those of the description are not used, for cameras that have others there.',
    ),
  aacClock: z
    .enum(['config', 'rtpmap'])
    .prefault('config')
    .describe('Which rate the timestamps of AAC have, where the camera describes two.'),
  aacHeaders: z
    .enum(['auto', 'absent'])
    .prefault('auto')
    .describe('`absent`: for cameras that send frames of AAC bare, and sound goes to pieces.'),
  g726Packing: z
    .enum(['named', 'rfc3551', 'aal2'])
    .prefault('named')
    .describe(
      'Order of the bits of G.726: as its name says, or one of them, for cameras that name the other (noise).',
    ),
  pcmOrder: z
    .enum(['named', 'big-endian', 'little-endian'])
    .prefault('named')
    .describe(
      'Order of the bytes of 16-bit samples: as the name says (`L16` is big-endian, `PCM` little-endian), or one of them, for cameras that do otherwise (noise).',
    ),
});

/** One policy, for who writes of it. */
export interface QuirkPolicy {
  readonly name: keyof z.output<typeof quirks>;
  readonly values: readonly string[];
  readonly fallback: string;
  readonly meaning: string;
}

/** All policies, in the order in which they are written. */
export function quirkPolicies(): readonly QuirkPolicy[] {
  const { properties = {} } = z.toJSONSchema(quirks, { io: 'input' });
  return Object.entries(properties).map(([name, policy]) => {
    const { enum: values = [], default: fallback, description = '' } = policy as PolicySchema;
    return { name: name as QuirkPolicy['name'], values, fallback, meaning: description };
  });
}

interface PolicySchema {
  readonly enum?: readonly string[];
  readonly default: string;
  readonly description?: string;
}
