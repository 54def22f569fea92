import { z } from 'zod';
import { text } from './schema-values.js';

/** `scheme://host[:port]`, or any. */
export const ORIGIN = /^(?:\*|https?:\/\/[^/?#@\s]+)$/;

export const serverTls = z.strictObject({
  certFile: text('path')
    .optional()
    .describe(
      'Certificate, PEM, followed by those that lead to its authority. A renewed file is taken up within seconds.',
    ),
  keyFile: text('path').optional().describe('Private key of the certificate, PEM, no passphrase.'),
  selfSigned: z
    .boolean()
    .prefault(false)
    .describe(
      'Instead of the files: a certificate that nobody vouches for, made once and kept in `<dataDir>/secrets`.',
    ),
  port: z
    .int()
    .min(0)
    .max(65_535)
    .optional()
    .describe(
      'A second TCP port, for clients that expect TLS on one of its own; 322 is the one of `rtsps://`. 0 lets the system choose.',
    ),
  required: z
    .boolean()
    .prefault(false)
    .describe('Whether clients without TLS are sent to `rtsps://` instead of being served.'),
});
