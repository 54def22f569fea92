import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { NAMESPACES } from '../xml/namespaces.js';
import type { XmlElement } from '../xml/element.js';
import { withAttributes, xml, type XmlNode } from '../xml/print-xml.js';

const PROFILE =
  'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0';
const BASE64_BINARY =
  'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary';
const NONCE_BYTES = 16;
const MAX_CHARS = 1024;

/** A login in a SOAP header. Web Services Security UsernameToken Profile 1.1. */
export interface UsernameToken {
  readonly username: string;
  /** The digest in base64, or the password itself. */
  readonly password: string;
  readonly kind: 'digest' | 'text';
  readonly nonce: Buffer | undefined;
  /** As written: it is part of the digest. */
  readonly created: string | undefined;
}

/** Base64(SHA-1(nonce + created + password)). UsernameToken Profile s.3.1. */
export function passwordDigest(nonce: Uint8Array, created: string, password: string): string {
  return createHash('sha1').update(nonce).update(created).update(password).digest('base64');
}

export interface TokenOptions {
  readonly username: string;
  readonly password: string;
  /** Of the device's clock, Unix epoch: it refuses what is old by its own. */
  readonly createdMs: number;
  /** Sends the password as it is; only for devices that take nothing else. */
  readonly plain?: boolean;
  readonly nonce?: Uint8Array;
}

/** A `wsse:Security` header for one request. */
export function makeUsernameToken(options: TokenOptions): XmlNode {
  const { username, password, createdMs, plain = false } = options;
  const nonce = options.nonce ?? randomBytes(NONCE_BYTES);
  const created = new Date(createdMs).toISOString();
  const secret = plain ? password : passwordDigest(nonce, created, password);
  return withAttributes(
    xml(
      'wsse:Security',
      xml(
        'wsse:UsernameToken',
        xml('wsse:Username', username),
        withAttributes(xml('wsse:Password', secret), {
          Type: `${PROFILE}#${plain ? 'PasswordText' : 'PasswordDigest'}`,
        }),
        withAttributes(xml('wsse:Nonce', Buffer.from(nonce).toString('base64')), {
          EncodingType: BASE64_BINARY,
        }),
        xml('wsu:Created', created),
      ),
    ),
    { 's:mustUnderstand': 'true' },
  );
}

/** The login among the headers of a request; undefined without one, and for one without a name or with parts too long. */
export function parseUsernameToken(headers: readonly XmlElement[]): UsernameToken | undefined {
  const token = headers
    .find((header) => header.is(NAMESPACES.wsse, 'Security'))
    ?.child('UsernameToken');
  const username = token?.textAt('Username');
  const password = token?.child('Password');
  if (username === undefined || username === '' || password === undefined) return undefined;
  const nonce = token?.textAt('Nonce');
  const created = token?.textAt('Created');
  if ([username, password.text, nonce, created].some((part) => (part ?? '').length > MAX_CHARS))
    return undefined;
  const digest = password.attributes.get('Type')?.endsWith('#PasswordDigest') === true;
  return {
    username,
    password: digest ? password.text.trim() : password.text,
    kind: digest ? 'digest' : 'text',
    nonce: nonce === undefined ? undefined : Buffer.from(nonce, 'base64'),
    created,
  };
}

/** Why a token is refused. `busy`: more logins at once than are remembered. */
export type TokenVerdict =
  | { readonly ok: true; readonly username: string }
  | {
      readonly ok: false;
      readonly reason: 'incomplete' | 'stale' | 'replayed' | 'password' | 'busy';
    };

/** How far the clock of a client may be off. ONVIF Core s.5.9.2 leaves it open. */
const WINDOW_MS = 300_000;
const MAX_REMEMBERED = 10_000;

/** Checks digests; each counts once. Not every login needs it: a password that comes as text is nobody's business here. */
export class UsernameTokenVerifier {
  /** Until when digests are remembered, oldest first. */
  private readonly seen = new Map<string, number>();

  constructor(
    private readonly now: () => number,
    private readonly windowMs = WINDOW_MS,
  ) {}

  /** @param passwordOf undefined for a user whom nobody knows */
  verify(token: UsernameToken, passwordOf: (username: string) => string | undefined): TokenVerdict {
    const { username, password, nonce, created } = token;
    if (nonce === undefined || nonce.length === 0 || created === undefined)
      return { ok: false, reason: 'incomplete' };
    const createdMs = Date.parse(created);
    const nowMs = this.now();
    if (!(Math.abs(nowMs - createdMs) <= this.windowMs)) return { ok: false, reason: 'stale' };
    const known = passwordOf(username);
    // Takes its time for users whom nobody knows, too.
    const expected = passwordDigest(nonce, created, known ?? '');
    if (!equal(expected, password) || known === undefined) return { ok: false, reason: 'password' };
    // field: libonvif uses a nonce for a second, with other times; what counts once is what was made of both.
    return this.remember(`${username}\n${expected}`, nowMs)
      ? { ok: true, username }
      : { ok: false, reason: this.seen.size >= MAX_REMEMBERED ? 'busy' : 'replayed' };
  }

  /** False for what was there before, and when there is no room. */
  private remember(digest: string, nowMs: number): boolean {
    for (const [old, untilMs] of this.seen) {
      if (untilMs >= nowMs) break;
      this.seen.delete(old);
    }
    if (this.seen.has(digest) || this.seen.size >= MAX_REMEMBERED) return false;
    // Created may lie in the future: what was made at the end of the window is fresh for twice as long.
    this.seen.set(digest, nowMs + 2 * this.windowMs);
    return true;
  }
}

function equal(left: string, right: string): boolean {
  const [one, other] = [Buffer.from(left), Buffer.from(right)];
  return one.length === other.length && timingSafeEqual(one, other);
}
