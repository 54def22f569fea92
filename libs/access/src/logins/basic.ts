/** User and password of an Authorization header (RFC 7617). */
export interface BasicLogin {
  readonly username: string;
  readonly password: string;
}

/** Whether a header is of this scheme, readable or not. */
export function isBasic(header: string): boolean {
  return /^basic(\s|$)/i.test(header.trim());
}

/** Undefined for any other scheme and for what is not base64 of `user:password`. */
export function parseBasic(header: string): BasicLogin | undefined {
  const encoded = /^basic +([a-z0-9+/]+=*)$/i.exec(header.trim())?.[1];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon < 0
    ? undefined
    : { username: text.slice(0, colon), password: text.slice(colon + 1) };
}
