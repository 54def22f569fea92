import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { clipsFolder } from '../clip.js';

/** A picture of a clip; synthetic footage has none. */
export function loadSnapshot(footage: string): Buffer | undefined {
  const file = join(clipsFolder(), `${footage}.jpg`);
  return existsSync(file) ? readFileSync(file) : undefined;
}
