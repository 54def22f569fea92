import { NightjarError } from '@nightjar/common';
import { z } from 'zod';

/** Longest line of a file of events, and what one may hold beside its fixed fields. */
export const MAX_DATA_BYTES = 4 * 1024;
/** How far ahead of ours the clock of a producer may be. */
export const MAX_AHEAD_MS = 60_000;

/** What PostgreSQL cannot hold: NUL and half characters. */
const UNSTORABLE = /\0|\p{Surrogate}/u;
const UNSTORABLE_JSON = /\\u0000|\\ud[89a-f]/i;

const text = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .refine((value) => !UNSTORABLE.test(value), 'holds characters that cannot be stored');

/** Also a topic of ONVIF: `tns1:RuleEngine/CellMotionDetector/Motion`. */
export const eventType = z
  .string()
  .regex(/^[\w][\w.:/-]{0,126}$/, 'a type is up to 127 letters, digits and . : / - _');
const eventId = z
  .string()
  .regex(/^[\x21-\x7e]{1,128}$/, 'an id is up to 128 visible ASCII characters');
const name = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'not a name of the configuration');

const reportFields = {
  type: eventType,
  state: z.enum(['begin', 'end', 'pulse']).prefault('pulse'),
  id: eventId.optional(),
  stream: name.optional(),
  at: z.iso
    .datetime({ offset: true })
    .transform((value) => Date.parse(value))
    .optional(),
  label: text(256).optional(),
  data: z
    .record(z.string(), z.unknown())
    .refine((value) => {
      const json = JSON.stringify(value);
      return json.length <= MAX_DATA_BYTES && !UNSTORABLE_JSON.test(json);
    }, `at most ${MAX_DATA_BYTES} bytes of JSON, without NUL and half characters`)
    .optional(),
};

/** What is told of an event, its camera being known. */
export const eventReportSchema = z.strictObject(reportFields);
/** `at` in Unix epoch milliseconds. */
export type EventReport = z.output<typeof eventReportSchema>;

const eventLineSchema = z.strictObject({ camera: name, ...reportFields });

/**
 * Reads one line of a file of events: a JSON object.
 * @throws NightjarError `invalid` with what is wrong
 */
export function parseEventLine(line: string): {
  readonly camera: string;
  readonly report: EventReport;
} {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw new NightjarError('invalid', 'events/line', 'not a JSON object');
  }
  const parsed = eventLineSchema.safeParse(value);
  if (!parsed.success) {
    const issues = parsed.error.issues.map(
      ({ path, message }) => `${path.length === 0 ? '' : `${path.join('.')}: `}${message}`,
    );
    throw new NightjarError('invalid', 'events/line', issues.join('; '));
  }
  const { camera, ...report } = parsed.data;
  return { camera, report };
}
