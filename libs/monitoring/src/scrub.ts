export const REDACTED = '[redacted]';

/** Up to the last @ of a URL's authority. */
const USERINFO = /(:\/\/)[^\s/?#]*@/g;

/** `Authorization: ...` as text, to the end of its line. */
const AUTHORIZATION = /(\bauthorization["']?\s*[:=]\s*)[^\r\n]+/gi;

/** `password=...` in query strings, connection strings and camera paths; `"password": "..."` in quoted JSON. */
const PASSWORD =
  /((?:password|passwd|secret)\\*["']?\s*[:=]\s*)(?:\\*["'][^"'\r\n]*|[^\s&,;"']+)/gi;

/** The proof of a signed URL. */
const TOKEN = /([?&]token=)[^\s&#"']+/gi;

/** Names of fields whose whole value is secret; `passwordFile` is not. */
const SECRET_FIELD = /(?:password|passwd|secret|authorization)$/i;

/** Takes credentials out of text: URL userinfo, Authorization headers, passwords by name. */
export function scrub(text: string): string {
  return text
    .replace(USERINFO, '$1')
    .replace(TOKEN, `$1${REDACTED}`)
    .replace(AUTHORIZATION, `$1${REDACTED}`)
    .replace(PASSWORD, `$1${REDACTED}`);
}

/** As {@link scrub} for one line of JSON, field by field; the line break at its end is kept. */
export function scrubJsonLine(line: string): string {
  try {
    return `${JSON.stringify(JSON.parse(line, scrubField))}\n`;
  } catch {
    return scrub(line);
  }
}

/** The URL without userinfo, otherwise as it is. */
export function redactUrl(url: string): string {
  return url.replace(USERINFO, '$1');
}

function scrubField(name: string, value: unknown): unknown {
  if (SECRET_FIELD.test(name)) return REDACTED;
  return typeof value === 'string' ? scrub(value) : value;
}
