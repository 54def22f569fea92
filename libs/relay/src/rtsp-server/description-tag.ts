import { createHash } from 'node:crypto';
import type { MountDescription } from './mount.js';

const TAG_LENGTH = 16;

/**
 * Entity tag of what a mount is made of (RFC 7826 s.18.32): another one when its tracks or their formats are others, the
 * same while a recording only grows.
 */
export function tagOf({ name, sessionId, tracks }: MountDescription): string {
  const described = tracks.map(({ format, attributes = [] }) => [format, attributes]);
  const digest = createHash('sha256').update(JSON.stringify([name, sessionId, described]));
  return `"${digest.digest('hex').slice(0, TAG_LENGTH)}"`;
}

/** Whether a list of tags, as in If-Match and If-None-Match, has this one. */
export function matches(list: string | undefined, tag: string): boolean {
  const tags = (list ?? '').split(',').map((one) => one.trim().replace(/^W\//, ''));
  return tags.includes(tag) || tags.includes('*');
}
