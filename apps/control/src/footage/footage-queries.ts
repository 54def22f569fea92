import { z } from 'zod';

/** A plus sign that was not percent-encoded arrives as a space: it was that of a time zone. */
export const Time = z
  .string()
  .max(40)
  .transform((text) => text.replace(/ (\d\d:\d\d)$/, '+$1'))
  .pipe(z.iso.datetime({ offset: true }))
  .transform((text) => Date.parse(text));

export const Stream = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/)
  .optional();

const whole = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d{1,15}$/, 'not a whole number')
    .transform(Number)
    .pipe(z.number().min(min).max(max));

/** The proof of a signed URL; the guard reads it. */
const Signed = { token: z.string().max(512).optional() };

const Range = { start: Time, end: Time, stream: Stream, ...Signed };

export const ClipQuery = z.strictObject({
  ...Range,
  gaps: z.enum(['cut', 'keep']).default('cut'),
});
export const PlaylistQuery = z.strictObject({
  ...Range,
  ranges: z.enum(['http', 'url']).default('http'),
});
export const SegmentQuery = z.strictObject({
  ...Signed,
  stream: Stream,
  /** Milliseconds; as the playlist wrote it. */
  position: whole(0, 4e12).default(0),
  /** Bytes `[from, to)` of the file. */
  from: whole(0, Number.MAX_SAFE_INTEGER).optional(),
  to: whole(1, Number.MAX_SAFE_INTEGER).optional(),
});
export const SnapshotQuery = z.strictObject({
  ...Signed,
  at: z.union([z.literal('latest'), Time], {
    error: 'not `latest`, nor a time such as 2026-11-20T12:00:00Z',
  }),
  stream: Stream,
  width: whole(16, 7680).optional(),
  height: whole(16, 4320).optional(),
});
export const ThumbnailsQuery = z.strictObject({
  ...Range,
  count: whole(1, 120).default(10),
  width: whole(32, 640).default(160),
});

export const HourStripQuery = z.strictObject({ ...Signed, stream: Stream });

export type HourStripQuery = z.infer<typeof HourStripQuery>;
export type ClipQuery = z.infer<typeof ClipQuery>;
export type PlaylistQuery = z.infer<typeof PlaylistQuery>;
export type SegmentQuery = z.infer<typeof SegmentQuery>;
export type SnapshotQuery = z.infer<typeof SnapshotQuery>;
export type ThumbnailsQuery = z.infer<typeof ThumbnailsQuery>;

const Name = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'not the name of a camera');

export const ExportBody = z.strictObject({
  cameras: z
    .array(z.strictObject({ camera: Name, stream: Stream }))
    .min(1)
    .max(64),
  start: Time,
  end: Time,
  zip: z.boolean().default(false),
});
export type ExportBody = z.infer<typeof ExportBody>;
