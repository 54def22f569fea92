import { createHmac, timingSafeEqual } from 'node:crypto';
import { isIP } from 'node:net';
import { NightjarError } from '@nightjar/common';
import { sameAddress } from '../addresses/address.js';
import type { FootageSpan } from '../footage-span.js';
import type { Principal, UrlGrant } from '../principal.js';

/** Query parameter that holds the proof. */
export const TOKEN_PARAMETER = 'token';

/** Actions that a URL may be signed for. */
export const SIGNED_ACTIONS = ['view', 'playback'] as const;
export type SignedAction = (typeof SIGNED_ACTIONS)[number];

const VERSION = 2;
const MAX_TOKEN_LENGTH = 512;
const MAC_BYTES = 32;
const TOKEN = /^([A-Za-z0-9_-]{1,440})\.([A-Za-z0-9_-]{43})$/;
/** Enough of the MAC to tell the sessions of two URLs apart. */
const NAME_LENGTH = 16;

/** What a token says: version, action, camera, expiry in seconds, issuer, address, start and end of the footage. */
type Payload = readonly [
  number,
  string,
  string,
  number,
  string,
  string,
  number | null,
  number | null,
];

/** A grant as a token for {@link TOKEN_PARAMETER}. @param key secret; who has it makes tokens */
export function signGrant(
  grant: UrlGrant & { readonly action: SignedAction },
  key: Buffer,
): string {
  const { action, camera, span, expiresAtMs, issuer = '', address = '' } = grant;
  if (address !== '' && isIP(address) === 0)
    throw new NightjarError('invalid', 'access/url-address', `"${address}" is no IP address`);
  const payload: Payload = [
    VERSION,
    action,
    camera,
    Math.floor(expiresAtMs / 1000),
    issuer,
    address,
    finite(span?.startMs),
    finite(span?.endMs),
  ];
  const text = Buffer.from(JSON.stringify(payload)).toString('base64url');
  return `${text}.${macOf(text, key).toString('base64url')}`;
}

/** Why a token was not accepted; only `forged` is an attempt to get in. */
export type TokenRefusal = 'forged' | 'expired' | 'elsewhere';

export type TokenVerdict =
  | { readonly ok: true; readonly principal: Principal }
  | { readonly ok: false; readonly reason: TokenRefusal };

/** Checks a token that came from `address`. Never throws: what has the right MAC was written by {@link signGrant}. */
export function verifyToken(
  token: string,
  request: { readonly key: Buffer; readonly nowMs: number; readonly address: string },
): TokenVerdict {
  const match = token.length > MAX_TOKEN_LENGTH ? null : TOKEN.exec(token);
  if (match === null) return { ok: false, reason: 'forged' };
  const [, text = '', written = ''] = match;
  const mac = Buffer.from(written, 'base64url');
  const spelled = mac.length === MAC_BYTES && mac.toString('base64url') === written;
  if (!spelled || !timingSafeEqual(mac, macOf(text, request.key)))
    return { ok: false, reason: 'forged' };
  const [version, action, camera, seconds, issuer, address, startMs, endMs] = JSON.parse(
    Buffer.from(text, 'base64url').toString('utf8'),
  ) as Payload;
  if (version !== VERSION) return { ok: false, reason: 'forged' };
  const expiresAtMs = seconds * 1000;
  if (request.nowMs >= expiresAtMs) return { ok: false, reason: 'expired' };
  const bound = address === '' ? undefined : address;
  if (bound !== undefined && !sameAddress(bound, request.address))
    return { ok: false, reason: 'elsewhere' };
  const url: UrlGrant = {
    action: action as SignedAction,
    camera,
    span: spanOf(startMs, endMs),
    expiresAtMs,
    issuer: issuer === '' ? undefined : issuer,
    address: bound,
  };
  return { ok: true, principal: { name: `url ${written.slice(0, NAME_LENGTH)}`, url } };
}

/** JSON knows no other numbers. */
function finite(ms: number | undefined): number | null {
  return ms === undefined || !Number.isFinite(ms) ? null : ms;
}

function spanOf(startMs: number | null, endMs: number | null): FootageSpan | undefined {
  return startMs === null && endMs === null
    ? undefined
    : { startMs: startMs ?? -Infinity, endMs: endMs ?? Infinity };
}

function macOf(text: string, key: Buffer): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
