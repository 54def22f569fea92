import { rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { makeDirectory, syncDirectory } from './durable-files.js';
import { SegmentDirectory } from './segment-directory.js';
import type { Volume } from '../volumes/volume.js';

/** Below the volume: footage that lost its place on the timeline, by the paths it had. */
export const ASIDE_DIRECTORY = '.nightjar/aside';

/**
 * Takes the segments of a stream that overlap `[fromMs, toMs)` off the timeline: footage of a time that our clock had before
 * it was set back. The files are moved within the volume, durably, and not changed. Repeating it does no harm.
 * @param run its own segments stay
 * @returns paths below the volume as they were; rejects with the error of the file system
 */
export async function setAside(
  volume: Volume,
  { camera, stream }: { readonly camera: string; readonly stream: string },
  run: string,
  fromMs: number,
  toMs: number,
): Promise<string[]> {
  const found = await new SegmentDirectory(volume).list(camera, stream, fromMs, toMs);
  const others = found.filter((segment) => segment.run !== run);
  for (const { path } of others) {
    const from = volume.resolve(path);
    const to = volume.resolve(`${ASIDE_DIRECTORY}/${path}`);
    await makeDirectory(volume.root, dirname(to));
    await rename(from, to);
    await syncDirectory(dirname(to));
    await syncDirectory(dirname(from));
  }
  return others.map(({ path }) => path);
}
