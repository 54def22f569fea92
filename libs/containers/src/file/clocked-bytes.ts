import type { FileBytes } from './media-file.js';

/** A place in a file and its time, milliseconds of the stream's own clock. */
export interface Stamp {
  readonly offset: number;
  readonly ms: number;
}

/** What is read at once to find a time. */
export const PROBE_BYTES = 256 * 1024;
/** Steps of halving: more than a file of any size needs to come down to one probe. */
const MAX_STEPS = 40;

/** Finds the first place with a time in some bytes. @param start where the bytes lie in the file */
export type FindStamp = (bytes: Buffer, start: number) => Stamp | undefined;
/** Finds the last one. */
export type FindLastStamp = FindStamp;

export async function firstStamp(
  source: FileBytes,
  from: number,
  find: FindStamp,
): Promise<Stamp | undefined> {
  return find(await bytesAt(source, from), from);
}

/** The last time of a file, looked for in its last probes. */
export async function lastStamp(
  source: FileBytes,
  find: FindLastStamp,
): Promise<Stamp | undefined> {
  for (let probe = 1; probe <= LAST_PROBES; probe += 1) {
    const from = Math.max(0, source.sizeBytes - probe * PROBE_BYTES);
    const found = find(await bytesAt(source, from), from);
    if (found !== undefined || from === 0) return found;
  }
  return undefined;
}

const LAST_PROBES = 8;

/**
 * The last place whose time is at or before a wanted one, to within a probe: by halving, as times rise through the file.
 * @returns undefined when every time is later
 */
export async function stampBefore(
  source: FileBytes,
  wantedMs: number,
  find: FindStamp,
): Promise<Stamp | undefined> {
  let best: Stamp | undefined;
  let low = 0;
  let high = source.sizeBytes;
  for (let step = 0; step < MAX_STEPS && high - low > PROBE_BYTES / 4; step += 1) {
    const middle = Math.floor((low + high) / 2);
    const found = await firstStamp(source, middle, find);
    if (found === undefined || found.ms > wantedMs || found.offset >= high) {
      high = middle;
    } else {
      best = found;
      low = Math.max(middle + 1, found.offset);
    }
  }
  return best;
}

async function bytesAt(source: FileBytes, from: number): Promise<Buffer> {
  const bytes = await source.read(from, PROBE_BYTES);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
