import { z } from 'zod';
import { named, parsed } from '../schema-values.js';
import { parseResolution, parseTimeServer, parseTimeZone } from './camera-setting.js';

/** How cameras are to be set, as it is written. What is absent stays as it is at the camera. */

const encoder = z.strictObject({
  codec: z
    .enum(['h264', 'h265'])
    .transform((codec) => (codec === 'h265' ? 'H265' : 'H264'))
    .optional()
    .describe('Codec.'),
  resolution: parsed('resolution', parseResolution)
    .optional()
    .describe('Size of the picture, as `1920x1080`.'),
  frameRate: z.number().min(1).max(240).optional().describe('Frames per second.'),
  bitrate: z.int().min(16).max(1_000_000).optional().describe('Kilobits per second at most.'),
  gop: z
    .union([z.literal('frame-rate'), z.int().min(1).max(10_000)])
    .optional()
    .describe(
      'Frames from one keyframe to the next. `frame-rate`: a keyframe each second, whatever the frame rate is.',
    ),
});

export const enforce = z.strictObject({
  mode: z
    .enum(['dry-run', 'apply'])
    .optional()
    .describe(
      '`dry-run`, which is meant without it: what differs is told. `apply`: it is set at the camera, and read back.',
    ),
  ntp: z
    .array(parsed('host', parseTimeServer))
    .min(1)
    .max(4)
    .optional()
    .describe('Time servers, names or addresses; the clock of the camera follows them.'),
  timeZone: parsed('time zone', parseTimeZone)
    .optional()
    .describe('Time zone as POSIX writes it, such as `CET-1CEST,M3.5.0,M10.5.0/3` or `UTC0`.'),
  encoder: encoder.optional().describe('Encoder of every stream that is pulled.'),
});

export const cameraEnforce = z.strictObject({
  ...enforce.shape,
  streams: named(encoder)
    .optional()
    .describe('Encoder of single streams, by name; what is absent is taken from `encoder`.'),
});

export type EnforceEntry = z.output<typeof enforce>;
export type CameraEnforceEntry = z.output<typeof cameraEnforce>;
