const ENTRY = /^\s*prot\s*=\s*"?mikey"?\s*;/i;
const PARAMETER = /(?:^|[;\s])(uri|data)\s*=\s*(?:"([^"]*)"|([^\s;,"]*))/gi;

/** KeyMgmt header for MIKEY, RFC 4567 s.4.2. */
export interface KeyMgmt {
  /** What the key is for; '' when not given (field: clients that have one key for all). */
  readonly uri: string;
  /** The message, in base64. */
  readonly data: string;
}

/** The first entry for MIKEY, undefined when there is none with a message. Never fails. */
export function parseKeyMgmt(value: string): KeyMgmt | undefined {
  const start = value.search(/prot\s*=\s*"?mikey/i);
  const text = start < 0 ? '' : value.slice(start);
  if (!ENTRY.test(text)) return undefined;
  const found = new Map<string, string>();
  for (const [, name = '', quoted, bare] of text.matchAll(PARAMETER)) {
    const key = name.toLowerCase();
    if (!found.has(key)) found.set(key, (quoted ?? bare ?? '').trim());
  }
  const data = found.get('data') ?? '';
  return data === '' ? undefined : { uri: found.get('uri') ?? '', data };
}

export function printKeyMgmt({ uri, data }: KeyMgmt): string {
  return `prot=mikey;uri="${uri.replaceAll('"', '%22')}";data="${data}"`;
}
