import { mkdtempSync, rmSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { printSegmentPath } from './segment-path.js';
import { ASIDE_DIRECTORY, setAside } from './set-aside.js';
import { Volume } from '../volumes/volume.js';

const START_MS = Date.UTC(2026, 10, 20, 12, 59);
const MINUTE_MS = 60_000;
const OLD = 'aaaaaaaaaaaa';
const NEW = 'bbbbbbbbbbbb';
const STREAM = { camera: 'front', stream: 'main' };

let root: string;
let volume: Volume;
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'nightjar-aside-'));
  volume = await Volume.open('main', root, { adopt: 'empty' });
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** Names are enough: a segment ends where the next of its run begins. */
async function segment(run: string, minute: number, camera = 'front'): Promise<string> {
  const startMs = START_MS + minute * MINUTE_MS;
  const path = printSegmentPath({ ...STREAM, camera, run, sequence: minute, startMs });
  await mkdir(dirname(volume.resolve(path)), { recursive: true });
  await writeFile(volume.resolve(path), path);
  return path;
}

describe('setting footage aside', () => {
  it('moves what overlaps, unchanged, and leaves its own run, other times and other cameras alone', async () => {
    const old: string[] = [];
    for (let minute = 0; minute < 6; minute += 1) old.push(await segment(OLD, minute));
    const own = await segment(NEW, 7);
    const other = await segment(OLD, 2, 'back');
    const fromMs = START_MS + 1.5 * MINUTE_MS;
    const moved = await setAside(volume, STREAM, NEW, fromMs, fromMs + MINUTE_MS);
    expect(moved).toEqual([old[1], old[2]]);
    for (const path of moved)
      expect(await readFile(volume.resolve(`${ASIDE_DIRECTORY}/${path}`), 'utf8')).toBe(path);
    for (const path of [old[0], old[3], old[4], own, other])
      expect(await readFile(volume.resolve(path ?? ''), 'utf8')).toBe(path);
    expect(await setAside(volume, STREAM, NEW, fromMs, fromMs + MINUTE_MS)).toEqual([]);
  });
});
