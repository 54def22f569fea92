/** A scheme and its parameters, names in lower case. RFC 9110 s.11.2. */
export interface AuthGroup {
  readonly scheme: string;
  readonly parameters: Map<string, string>;
}

const SEPARATORS = /[\s,]*/y;
const TOKEN = /[!#$%&'*+\-.^_`|~0-9A-Za-z]+/y;
const EQUALS = /\s*=\s*/y;
const QUOTED = /"((?:[^"\\]|\\.)*)(?:"|\\?$)/sy;
const UNQUOTED = /[^,]*/y;

/**
 * Splits the value of a WWW-Authenticate or Authorization header into schemes with parameters. Never
 * fails: missing quotes are supplied, a parameter before any scheme and stray characters are skipped.
 */
export function parseAuthGroups(value: string): AuthGroup[] {
  const groups: AuthGroup[] = [];
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const match = pattern.exec(value);
    if (match !== null) at = pattern.lastIndex;
    return match;
  };
  while (at < value.length) {
    take(SEPARATORS);
    const name = take(TOKEN)?.[0];
    if (name === undefined) {
      at += 1;
    } else if (take(EQUALS) === null) {
      groups.push({ scheme: name, parameters: new Map() });
    } else {
      const quoted = take(QUOTED)?.[1]?.replace(/\\(.)/gs, '$1');
      const text = quoted ?? take(UNQUOTED)?.[0].trim() ?? '';
      const parameters = groups.at(-1)?.parameters;
      if (parameters?.has(name.toLowerCase()) === false) parameters.set(name.toLowerCase(), text);
    }
  }
  return groups;
}

/** Quoted string. RFC 9110 s.5.6.4. */
export function quote(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}
