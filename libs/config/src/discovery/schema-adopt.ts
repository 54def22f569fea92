import { z } from 'zod';
import { parseAddressRange } from '../access/address-range.js';
import { cameraLogin } from '../schema-streams.js';
import { parsed, text } from '../schema-values.js';
import { parseNamePattern } from './name-pattern.js';

const pattern = (what: string) =>
  text('pattern')
    .max(128)
    .optional()
    .describe(
      `${what}, with \`*\` for any text and \`?\` for one character; case does not matter.`,
    );

const rule = z.strictObject({
  name: parsed('name', parseNamePattern).describe(
    'Name of the camera: lower-case letters, digits and hyphens, with `{id}` for our number of the device, `{address}` for its address and `{serial}` for its serial number, of which only letters and digits are taken.',
  ),
  addresses: z
    .array(parsed('addresses', parseAddressRange))
    .min(1)
    .max(64)
    .describe(
      'Addresses and networks that the device must be in; nobody elsewhere gets the login.',
    ),
  make: pattern('Maker'),
  model: pattern('Model'),
  serial: pattern('Serial number'),
  credentials: cameraLogin
    .optional()
    .describe('Login at the device. Give one of passwordFile and passwordEnv.'),
  follow: z
    .boolean()
    .prefault(false)
    .describe('Whether the URLs of the streams follow the device when its address changes.'),
  record: z
    .enum(['continuous', 'event'])
    .optional()
    .describe('How the camera is recorded. Absent: not at all.'),
});

export const adopt = z.strictObject({
  limit: z
    .int()
    .min(1)
    .max(1_024)
    .prefault(16)
    .describe(
      'Cameras that Nightjar keeps itself, from which on no further one is adopted by rule.',
    ),
  rules: z
    .array(rule)
    .min(1)
    .max(32)
    .describe('Of each device the first that matches counts. All that a rule names must match.'),
});
