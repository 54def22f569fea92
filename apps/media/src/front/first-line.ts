import { parseResource } from '@nightjar/relay';
import { cameraOfPath } from '../media-paths.js';

/** Bytes of one request line; what is longer is not read to its end here. */
export const MAX_FIRST_LINE_BYTES = 8 * 1024;

const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const FIRST_LETTER = 0x41;
const LAST_LETTER = 0x7a;
const REQUEST_LINE = /^[A-Za-z_]+ +(\S+) +RTSP\/\d/;

/** `more`: what has come does not tell yet. `known`: which camera is meant, or that none is and anybody may answer. */
export type FirstLine =
  { readonly state: 'more' } | { readonly state: 'known'; readonly camera: string | undefined };

const MORE: FirstLine = { state: 'more' };
const ANYBODY: FirstLine = { state: 'known', camera: undefined };

/**
 * Reads which camera a connection is about from its first bytes: line breaks, then `METHOD URI VERSION`. Whatever is no such
 * line - binary, too long, another protocol - is for anybody, who answers with the right error. Never throws.
 */
export function readFirstLine(bytes: Buffer): FirstLine {
  let start = 0;
  while (start < bytes.length && (bytes[start] === CR || bytes[start] === LF)) start += 1;
  if (start === bytes.length) return bytes.length < MAX_FIRST_LINE_BYTES ? MORE : ANYBODY;
  const first = bytes[start]!;
  if (first < FIRST_LETTER || first > LAST_LETTER) return ANYBODY;
  const end = bytes.indexOf(LF, start);
  if (end < 0) return bytes.length < MAX_FIRST_LINE_BYTES ? MORE : ANYBODY;
  if (!bytes.subarray(start, end).every((byte) => byte >= SPACE || byte === CR)) return ANYBODY;
  const uri = REQUEST_LINE.exec(bytes.toString('latin1', start, end))?.[1];
  return uri === undefined ? ANYBODY : { state: 'known', camera: cameraOfUri(uri) };
}

/** The camera that a request URI names; undefined for `*` and whatever names none. Never throws. */
export function cameraOfUri(uri: string): string | undefined {
  try {
    return cameraOfPath(parseResource(uri).path);
  } catch {
    return undefined;
  }
}
