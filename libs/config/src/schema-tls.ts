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

/** SHA-256 in hex, as `openssl x509 -fingerprint -sha256` prints it or without colons. */
export const CERTIFICATE_FINGERPRINT = /^(?:[0-9a-f]{64}|(?:[0-9a-f]{2}:){31}[0-9a-f]{2})$/i;
export const FINGERPRINT_HELP = 'not a SHA-256 fingerprint of 64 hex digits';

export const cameraTls = z.strictObject({
  caFile: text('path')
    .optional()
    .describe(
      'Certificates of authorities that the camera may be vouched for by, PEM. Absent: those of the system.',
    ),
  fingerprint: text('sha256')
    .regex(CERTIFICATE_FINGERPRINT, FINGERPRINT_HELP)
    .optional()
    .describe(
      'The certificate of the camera by its SHA-256: it and no other is taken, whoever vouches for it.',
    ),
  insecure: z
    .boolean()
    .prefault(false)
    .describe('Takes any certificate: whoever can stand between sees pictures and login.'),
});
