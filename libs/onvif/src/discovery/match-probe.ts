import { NAMESPACES } from '../xml/namespaces.js';
import type { Endpoint, Probe } from './messages.js';

const RULES = {
  rfc3986: `${NAMESPACES.wsd}/rfc3986`,
  /** RFC 2396 under the name that the standard gave it first. */
  rfc2396: `${NAMESPACES.wsd}/rfc2396`,
  strcmp0: `${NAMESPACES.wsd}/strcmp0`,
} as const;

/** Whether a device is to answer a probe: it has all types and all scopes asked for. WS-Discovery s.5.1, ONVIF Core s.7.3.3. */
export function matchesProbe({ types, scopes, matchBy }: Probe, endpoint: Endpoint): boolean {
  const hasTypes = types.every(({ namespace, name }) =>
    endpoint.types.some((own) => own.namespace === namespace && own.name === name),
  );
  if (!hasTypes || scopes.length === 0) return hasTypes;
  const compare = comparisonOf(matchBy);
  return (
    compare !== undefined &&
    scopes.every((asked) => endpoint.scopes.some((own) => compare(asked, own)))
  );
}

function comparisonOf(
  rule: string | undefined,
): ((asked: string, own: string) => boolean) | undefined {
  if (rule === undefined || rule === RULES.rfc3986 || rule === RULES.rfc2396) return isUriPrefix;
  return rule === RULES.strcmp0 ? (asked, own) => asked === own : undefined;
}

/** Scheme and authority are equal without regard to case, the segments of the path begin with those asked for. */
function isUriPrefix(asked: string, own: string): boolean {
  const [left, right] = [split(asked), split(own)];
  return (
    left !== undefined &&
    right !== undefined &&
    left.origin === right.origin &&
    left.segments.every((segment, index) => segment === right.segments[index])
  );
}

function split(uri: string): { origin: string; segments: string[] } | undefined {
  const match = /^([a-z][a-z0-9+.-]*):(?:\/\/([^/?#]*))?([^?#]*)/i.exec(uri);
  if (match === null) return undefined;
  const [, scheme = '', authority = '', path = ''] = match;
  const segments = path.replace(/\/$/, '').split('/');
  // A dot segment would let one scope pass for another.
  if (segments.some((segment) => segment === '.' || segment === '..')) return undefined;
  return { origin: `${scheme}://${authority}`.toLowerCase(), segments };
}
