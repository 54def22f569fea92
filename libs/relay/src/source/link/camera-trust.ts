import { readFileSync } from 'node:fs';
import {
  createSecureContext,
  type ConnectionOptions,
  type SecureContext,
  type TLSSocket,
} from 'node:tls';

/** How a camera proves with TLS who it is. */
export interface CameraTrust {
  /** Certificates of authorities, PEM; undefined: those of the system. */
  readonly ca: string | undefined;
  /** SHA-256 of the certificate, hex with or without colons: it and no other is taken, whoever vouches for it. */
  readonly fingerprint: string | undefined;
  /** Whether any certificate is taken. */
  readonly insecure: boolean;
}

/** Where systems keep the authorities they trust: Debian, Fedora, Alpine and macOS, openSUSE. */
const SYSTEM_AUTHORITIES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/cert.pem',
  '/etc/ssl/ca-bundle.pem',
];

let systemContext: SecureContext | undefined;

/** Options of `tls.connect` for a camera; whether to go on is said by {@link distrustOf} once it is connected. */
export function trustOptions(trust: CameraTrust | undefined): ConnectionOptions {
  const { ca } = trust ?? {};
  return {
    rejectUnauthorized: false,
    minVersion: 'TLSv1.2',
    ...(ca === undefined ? { secureContext: ofSystem() } : { ca }),
  };
}

/** Why a camera is not taken for what it should be, and what may be done about it; undefined when all is well. */
export function distrustOf(socket: TLSSocket, trust: CameraTrust | undefined): string | undefined {
  if (trust?.insecure === true) return undefined;
  const shown = socket.getPeerCertificate().fingerprint256;
  if (trust?.fingerprint !== undefined) {
    return digits(trust.fingerprint) === digits(shown)
      ? undefined
      : `its certificate is another than the one in tls.fingerprint: ${shown}`;
  }
  if (socket.authorized) return undefined;
  return `its certificate is not trusted (${String(socket.authorizationError)}); name its authority in tls.caFile, or take exactly this one with tls.fingerprint: ${shown}`;
}

/** Read once: it is some hundred certificates. */
function ofSystem(): SecureContext {
  systemContext ??= createSecureContext({ minVersion: 'TLSv1.2', ...systemAuthorities() });
  return systemContext;
}

/** Empty where the system has none: then those that Node brings count. */
function systemAuthorities(): { readonly ca?: string } {
  for (const file of [process.env['SSL_CERT_FILE'], ...SYSTEM_AUTHORITIES]) {
    try {
      if (file !== undefined) return { ca: readFileSync(file, 'utf8') };
    } catch {
      // The next place.
    }
  }
  return {};
}

function digits(fingerprint: string): string {
  return fingerprint.replaceAll(':', '').toLowerCase();
}
