import { execFile } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { open, readdir } from 'node:fs/promises';
import { Volume } from '@nightjar/recording';
import { startAppliance } from '../appliance.js';
import type { Bench } from '../bench.js';
import type { Case } from '../case.js';
import { SegmentMaker } from '../made-segments.js';

const CLI = fileURLToPath(new URL('../../../cli/src/main.js', import.meta.url));
const SEGMENTS = 20_000;
const CAMERAS = 10;
const SEGMENT_MS = 60_000;
const HOUR_MS = 3_600_000;
const KEYFRAME_BYTES = 200;
const RUN = 'cccccccccccc';
/** The front and the end of a file are all that a catalog needs. */
const READ_BYTES = 4_096;

/** The catalog made anew from the files alone, beside one that reads the same of every file and keeps nothing. */
export const rebuild: Case = {
  name: 'rebuild',
  summary: `catalog rebuilt from ${SEGMENTS} segments that it does not know`,
  default: true,
  async run(bench) {
    const folder = path.join(bench.folder, 'archive-to-rebuild');
    await Volume.open('main', folder, { adopt: 'empty' });
    const count = bench.segments ?? SEGMENTS;
    await makeSegments(folder, count);
    const bare = await bareRate(folder);
    const appliance = await startAppliance(
      bench,
      'rebuild',
      {},
      {
        volumes: { main: { path: folder, adopt: 'empty' } },
      },
    );
    const { files, repaired, seconds } = await runRebuild(bench);
    await bench.end(appliance.program);
    return [
      {
        subject: 'nightjar',
        name: `rebuild of ${files} segments`,
        value: files / seconds,
        unit: 'segments/s',
        reference: { value: bare, what: 'bare reads of front and end' },
      },
      {
        subject: 'nightjar',
        name: 'segments that the rebuild added',
        value: repaired,
        unit: 'segments',
        aim: { atLeast: count },
      },
    ];
  },
};

async function makeSegments(folder: string, count: number): Promise<void> {
  const each = Math.ceil(count / CAMERAS);
  const startMs = Math.floor(Date.now() / HOUR_MS) * HOUR_MS - (each + 60) * SEGMENT_MS;
  for (let camera = 0; camera < CAMERAS; camera++) {
    const maker = await SegmentMaker.of(folder, `cam${camera}`, `${RUN.slice(1)}${camera}`, {
      startMs,
      segmentMs: SEGMENT_MS,
      keyframeBytes: KEYFRAME_BYTES,
    });
    for (let sequence = 0; sequence < each; sequence++) maker.write(sequence);
  }
}

/** Files per second. */
async function bareRate(folder: string): Promise<number> {
  const startedMs = performance.now();
  const buffer = Buffer.alloc(READ_BYTES);
  const names = await readdir(folder, { recursive: true });
  const files = names.filter((name) => name.endsWith('.mp4'));
  for (const name of files) {
    const file = await open(path.join(folder, name));
    const { size } = await file.stat();
    await file.read(buffer, 0, READ_BYTES, 0);
    await file.read(buffer, 0, Math.min(READ_BYTES, size), Math.max(0, size - READ_BYTES));
    await file.close();
  }
  return (files.length / (performance.now() - startedMs)) * 1000;
}

async function runRebuild(
  bench: Bench,
): Promise<{ files: number; repaired: number; seconds: number }> {
  const { stdout } = await promisify(execFile)(process.execPath, [CLI, 'rebuild', '--json'], {
    env: {
      ...process.env,
      NIGHTJAR_CONFIG: path.join(bench.folder, 'rebuild.json'),
      NIGHTJAR_DATA_DIR: path.join(bench.folder, 'rebuild-data'),
    },
    maxBuffer: 256 * 1024 * 1024,
  });
  const { volumes } = JSON.parse(stdout) as {
    volumes: readonly { files: number; findings: number; left: number; seconds: number }[];
  };
  const sum = (of: (volume: (typeof volumes)[number]) => number): number =>
    volumes.reduce((total, volume) => total + of(volume), 0);
  return {
    files: sum(({ files }) => files),
    repaired: sum(({ findings, left }) => findings - left),
    seconds: sum(({ seconds }) => seconds),
  };
}
