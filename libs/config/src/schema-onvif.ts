import { z } from 'zod';
import { text } from './schema-values.js';

/** The `onvif` section: Nightjar as a device that other software finds and uses. */
export const onvif = z.strictObject({
  enabled: z
    .boolean()
    .prefault(true)
    .describe(
      'Whether other software may use Nightjar as an ONVIF device, at `/onvif/` of the HTTP port.',
    ),
  name: z.string().min(1).max(64).prefault('Nightjar').describe('What the device calls itself.'),
  location: z.string().min(1).max(64).optional().describe('Where it is, in words.'),
  hosts: z
    .array(text('host').transform((name) => name.toLowerCase()))
    .prefault([])
    .describe(
      'Names and addresses by which clients reach Nightjar, besides those of this machine, as behind NAT, a proxy or in a container. Answers name one of them only to who used it.',
    ),
  discovery: z
    .strictObject({
      enabled: z
        .boolean()
        .prefault(false)
        .describe(
          'Whether Nightjar answers WS-Discovery: UDP port 3702, to its own networks only.',
        ),
      interfaces: z
        .array(text('interface'))
        .min(1)
        .optional()
        .describe('Network interfaces to be found on. Absent: all but loopback.'),
    })
    .prefault({})
    .describe('Being found by other software.'),
});
