import { randomInt } from 'node:crypto';
import { open, readdir } from 'node:fs/promises';
import path from 'node:path';
import { hourDirectory, SegmentDirectory, Volume } from '@nightjar/recording';
import type { Bench } from '../bench.js';
import type { Case } from '../case.js';
import { quantile, type Figure } from '../figures.js';
import { SegmentMaker } from '../made-segments.js';

const MILLION = 1_000_000;
const CAMERAS = 20;
const SEGMENT_MS = 60_000;
const HOUR_MS = 3_600_000;
const SEEKS = 200;
/** Making the files may take so long; there are fewer otherwise, and the table says how many. */
const MAKE_LIMIT_MS = 60_000;
const PROBE = 20_000;
const KEYFRAME_BYTES = 20_000;
/** Files behind the one sought hold footage too, so that playing goes on while the first picture is on its way. */
const WHOLE_FILES = 3;
const RUN = 'bbbbbbbbbbbb';

interface Sought {
  readonly camera: string;
  readonly atMs: number;
}

/**
 * Seeking among a million segments: the names are all there, the files that are sought hold footage. Alone the lookup in the
 * directories; then a new RTSP connection each time, from connecting to the last packet of the first picture; then places in
 * sessions that play already, one session per camera, from PLAY to the same packet.
 */
export const seek: Case = {
  name: 'seek',
  summary: 'seek to first picture among a million segments (--segments N for another number)',
  default: true,
  async run(bench) {
    const folder = path.join(bench.folder, 'million');
    const volume = await Volume.open('main', folder, { adopt: 'empty' });
    const { count, sought, seconds } = await makeTree(folder, bench.segments);
    const of = `among ${count} segments`;
    const bareMs = await timed(sought, (place) => bareLookup(folder, place));
    const directory = new SegmentDirectory(volume);
    const lookupMs = await timed(sought, async ({ camera, atMs }) => {
      const found = await directory.list(camera, 'main', atMs, atMs + 1);
      if (found.length !== 1) throw new Error(`${camera} at ${atMs}: ${found.length} segments`);
    });
    const { openedMs, jumpedMs } = await timesToPicture(bench, folder, sought);
    const figures = [0.5, 0.99].flatMap((q): Figure[] => [
      {
        subject: 'nightjar',
        name: `directory lookup p${q * 100} ${of}`,
        value: quantile(lookupMs, q),
        unit: 'ms',
        reference: { value: quantile(bareMs, q), what: 'bare readdir and read' },
      },
      {
        subject: 'nightjar',
        name: `connect, DESCRIBE, SETUP, PLAY to first picture p${q * 100} ${of}`,
        value: quantile(openedMs, q),
        unit: 'ms',
        reference: { value: quantile(bareMs, q), what: 'bare readdir and read' },
      },
      {
        subject: 'nightjar',
        name: `PLAY in a session to first picture p${q * 100} ${of}`,
        value: quantile(jumpedMs, q),
        unit: 'ms',
        reference: { value: quantile(bareMs, q), what: 'bare readdir and read' },
      },
    ]);
    return [
      ...figures,
      { subject: 'file system', name: `making ${count} names`, value: seconds, unit: 's' },
    ];
  },
};

/** @param wanted exactly so many segments; undefined: a million, or what can be made in time */
async function makeTree(
  folder: string,
  wanted: number | undefined,
): Promise<{ count: number; sought: readonly Sought[]; seconds: number }> {
  const startedMs = performance.now();
  const perCamera = Math.ceil((wanted ?? MILLION) / CAMERAS);
  const startMs = Math.floor(Date.now() / HOUR_MS) * HOUR_MS - (perCamera + 60) * SEGMENT_MS;
  const makers = await Promise.all(
    Array.from({ length: CAMERAS }, (_, n) =>
      SegmentMaker.of(folder, `cam${n}`, RUN, {
        startMs,
        segmentMs: SEGMENT_MS,
        keyframeBytes: KEYFRAME_BYTES,
      }),
    ),
  );
  let made = 0;
  let each = perCamera;
  for (let sequence = 0; sequence < each; sequence++) {
    for (const maker of makers) maker.name(sequence);
    made += CAMERAS;
    if (wanted === undefined && made === PROBE) {
      const fitting = (MAKE_LIMIT_MS / (performance.now() - startedMs)) * PROBE;
      each = Math.min(each, Math.floor(fitting / CAMERAS));
    }
  }
  const seconds = (performance.now() - startedMs) / 1000;
  const sought = Array.from({ length: SEEKS }, (_, n) => {
    const sequence = randomInt(each - WHOLE_FILES);
    for (let next = 0; next < WHOLE_FILES; next++) makers[n % CAMERAS]!.write(sequence + next);
    return {
      camera: `cam${n % CAMERAS}`,
      atMs: startMs + sequence * SEGMENT_MS + randomInt(SEGMENT_MS),
    };
  });
  return { count: each * CAMERAS, sought, seconds };
}

async function timed<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<number[]> {
  const timesMs: number[] = [];
  for (const item of items) {
    const startedMs = performance.now();
    await work(item);
    timesMs.push(performance.now() - startedMs);
  }
  return timesMs;
}

/** One look into the right hour, and a keyframe's worth of the right file: no search at all. */
async function bareLookup(folder: string, { camera, atMs }: Sought): Promise<void> {
  const hour = path.join(folder, camera, 'main', hourDirectory(atMs));
  const names = await readdir(hour);
  const minute = Math.floor((atMs % HOUR_MS) / SEGMENT_MS);
  const file = await open(path.join(hour, names.toSorted()[minute] ?? names[0]!));
  await file.read(Buffer.alloc(KEYFRAME_BYTES), 0, KEYFRAME_BYTES, 0);
  await file.close();
}

async function timesToPicture(
  bench: Bench,
  folder: string,
  sought: readonly Sought[],
): Promise<{ openedMs: number[]; jumpedMs: number[] }> {
  const media = await bench.media({
    cameraUrls: [],
    config: { volumes: { main: { path: folder, adopt: 'empty' } } },
  });
  const url = (camera: string, from: number): string =>
    `rtsp://127.0.0.1:${media.rtspPort}/playback/${camera}?start=${new Date(from).toISOString()}`;
  const ask = async (mode: string, ...args: string[]): Promise<number[]> => {
    const client = bench.worker('load', 'playback-client', [mode, ...args]);
    const { timesMs } = await client.message<{ timesMs: number[] }>('result');
    await bench.end(client);
    return timesMs;
  };
  const openedMs = await ask('open', ...sought.map(({ camera, atMs }) => url(camera, atMs)));
  const jumpedMs = await ask('jump', JSON.stringify(sessionsOf(sought, url)));
  await bench.end(media.program);
  return { openedMs, jumpedMs };
}

/** Per camera an address from the first to the last place that holds footage, and the places in the order of asking. */
function sessionsOf(
  sought: readonly Sought[],
  url: (camera: string, fromMs: number) => string,
): string[][] {
  const clock = (ms: number): string => new Date(ms).toISOString().replaceAll(/[-:]/g, '');
  const byCamera = new Map<string, number[]>();
  for (const { camera, atMs } of sought)
    byCamera.set(camera, [...(byCamera.get(camera) ?? []), atMs]);
  return Array.from(byCamera, ([camera, times]) => {
    const end = new Date(Math.max(...times) + SEGMENT_MS).toISOString();
    const ranges = times.map((ms) => `clock=${clock(ms)}-`);
    return [`${url(camera, Math.min(...times))}&end=${end}`, ...ranges];
  });
}
