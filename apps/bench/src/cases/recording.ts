import { mkdir, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Bench, Cameras } from '../bench.js';
import type { Case } from '../case.js';
import type { Figure } from '../figures.js';
import { PEERS, type Peer } from '../peers.js';
import { writtenBytesOf } from '../proc.js';
import type { Media } from '../relay.js';
import { allRecording, pause, recordedBetween, Scrape } from '../scrape.js';
import { countCalls, straceIsThere } from '../strace-calls.js';

/** Cameras, and how long each number of them is measured; the aim is about many. */
const ROUNDS = [
  { cameras: 1, measureMs: 5_000 },
  { cameras: 16, measureMs: 6_000 },
  { cameras: 64, measureMs: 10_000 },
] as const;
const MANY = 64;
const TRACE_MS = 2_500;
/** Most of what is hot has been compiled for good after this. */
const SETTLE_MS = 4_000;
const MBIT = 1e6;
/** Media seconds per camera and second: fragments are counted whole, so a short window sees one more or less. */
const WHOLE = 0.93;

/**
 * Cameras recorded with one fdatasync per fragment, as configured by default, beside a program that appends what their
 * sockets give to files, one write and one fdatasync per camera and second.
 */
export const recording: Case = {
  name: 'recording',
  summary: '1, 16 and 64 cameras of 4 Mbit/s recorded, fdatasync per fragment',
  default: true,
  async run(bench, peers) {
    const figures: Figure[] = [];
    for (const { cameras: count, measureMs } of ROUNDS) {
      const cameras = await bench.cameras({ count });
      const reference = await measureBare(bench, cameras, measureMs);
      figures.push(...(await measureOurs(bench, cameras, measureMs, reference)));
      const recorders = peers.filter(({ name }) => PEERS[name]?.records === true);
      if (count === MANY && recorders.length > 0) {
        figures.push(await measureUnsynced(bench, cameras, measureMs, reference));
        for (const peer of recorders)
          figures.push(...(await measurePeer(bench, peer, cameras, measureMs, reference)));
      }
      await bench.end(cameras.program);
    }
    return figures;
  },
};

async function measureOurs(
  bench: Bench,
  cameras: Cameras,
  measureMs: number,
  reference: number,
): Promise<Figure[]> {
  const count = cameras.urls.length;
  const media = await bench.media({ cameraUrls: cameras.urls, record: true });
  await allRecording(media.operationsUrl, count);
  await pause(SETTLE_MS);
  const before = await Scrape.of(media.operationsUrl);
  const writtenBefore = writtenBytesOf(media.program.pid);
  const { seconds, cpu } = await bench.window(measureMs, media.program, cameras.program);
  const written = writtenBytesOf(media.program.pid) - writtenBefore;
  const after = await Scrape.of(media.operationsUrl);
  const recorded = recordedBetween(before, after);
  const perCamera = percentOf(cpu[0]!, seconds, count);
  const received = after.growth(before, 'nightjar_rtp_bytes_total') / recorded.seconds / count;
  const figure = (name: string, value: number, unit: string): Figure => ({
    subject: 'nightjar',
    name: `${name}, ${cameraCount(count)}`,
    value,
    unit,
  });
  const figures: Figure[] = [
    {
      ...figure('CPU per camera', perCamera, '% of a core'),
      reference: { value: reference, what: 'bare recorder' },
      ...(count === MANY && { aim: { atMost: 0.5 } }),
    },
    {
      ...figure('cameras per core, fdatasync per fragment', 100 / perCamera, 'cameras'),
      reference: { value: 100 / reference, what: 'bare recorder' },
    },
    {
      ...figure('bytes to files per camera', recorded.bytes / recorded.seconds / count, 'bytes/s'),
      reference: { value: received, what: 'RTP from the camera' },
    },
    {
      ...figure('bytes to storage per camera, whole pages', written / seconds / count, 'bytes/s'),
      reference: { value: received, what: 'RTP from the camera' },
    },
    ...(await writesPerFragment(bench, media, count)),
    figure('recorded', (recorded.bytes * 8) / MBIT / recorded.seconds / count, 'Mbit/s each'),
    {
      ...figure(
        'media per camera and second',
        recorded.mediaSeconds / recorded.seconds / count,
        's',
      ),
      ...(count > 1 && { aim: { atLeast: WHOLE } }),
    },
    { ...figure('media dropped', recorded.droppedBytes, 'bytes'), aim: { atMost: 0 } },
  ];
  await bench.end(media.program);
  if (count !== MANY) return figures;
  const source = { ...figure('their CPU', (cpu[1]! / seconds) * 100, '% of a core') };
  return [...figures, { ...source, subject: 'cameras' }];
}

/**
 * Write calls on footage per fragment, from strace: a fragment is one fdatasync; the index at the end of a file is one
 * write and one fsync, and not counted. Without strace there is no figure.
 */
async function writesPerFragment(bench: Bench, media: Media, count: number): Promise<Figure[]> {
  if (count !== MANY || !straceIsThere()) return [];
  const file = path.join(bench.folder, 'recording.strace');
  const calls = await countCalls(media.program.pid, TRACE_MS, '.mp4', file);
  const writes = calls.write + calls.writev + calls.pwrite64 + calls.pwritev - calls.fsync;
  if (calls.fdatasync === 0) return [];
  return [
    {
      subject: 'nightjar',
      name: `write calls per fragment (strace), ${cameraCount(count)}`,
      value: writes / calls.fdatasync,
      unit: 'calls',
      // Calls under way when strace comes and goes are seen by half.
      aim: { atMost: 1.05 },
    },
  ];
}

/** CPU per camera, % of a core. */
async function measureBare(bench: Bench, cameras: Cameras, measureMs: number): Promise<number> {
  const folder = path.join(bench.folder, `bare-${cameras.urls.length}`);
  await mkdir(folder);
  const bare = bench.worker('reference', 'bare-recorder', [folder, ...cameras.urls]);
  await bare.message('ready');
  const { seconds, cpu } = await bench.window(measureMs, bare);
  await bench.end(bare);
  return percentOf(cpu[0]!, seconds, cameras.urls.length);
}

/** As the peers do it: none of those we know syncs what it writes. */
async function measureUnsynced(
  bench: Bench,
  cameras: Cameras,
  measureMs: number,
  reference: number,
): Promise<Figure> {
  const media = await bench.media({
    cameraUrls: cameras.urls,
    record: true,
    config: { recording: { sync: 'none' } },
  });
  await allRecording(media.operationsUrl, cameras.urls.length);
  await pause(SETTLE_MS);
  const { seconds, cpu } = await bench.window(measureMs, media.program);
  await bench.end(media.program);
  return unsynced('nightjar', percentOf(cpu[0]!, seconds, cameras.urls.length), reference);
}

async function measurePeer(
  bench: Bench,
  peer: Peer,
  cameras: Cameras,
  measureMs: number,
  reference: number,
): Promise<Figure[]> {
  const count = cameras.urls.length;
  const folder = path.join(bench.folder, `${peer.name}-${count}`);
  const relay = await bench.peer(peer, cameras.urls, folder);
  await pause(SETTLE_MS);
  const before = await bytesBelow(folder);
  const { seconds, cpu } = await bench.window(measureMs, relay.program);
  const written = (await bytesBelow(folder)) - before;
  await bench.end(relay.program);
  return [
    unsynced(peer.name, percentOf(cpu[0]!, seconds, count), reference),
    {
      subject: peer.name,
      name: `recorded, ${cameraCount(count)}`,
      value: (written * 8) / MBIT / seconds / count,
      unit: 'Mbit/s each',
    },
  ];
}

function unsynced(subject: string, value: number, reference: number): Figure {
  return {
    subject,
    name: `CPU per camera, ${cameraCount(MANY)}, without fdatasync`,
    value,
    unit: '% of a core',
    reference: { value: reference, what: 'bare recorder, which syncs' },
  };
}

/** Size of all files in a folder, however deep. */
async function bytesBelow(folder: string): Promise<number> {
  const names = await readdir(folder, { recursive: true });
  const sizes = names.map(async (name) => {
    const entry = await stat(path.join(folder, name));
    return entry.isFile() ? entry.size : 0;
  });
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

function percentOf(cpuSeconds: number, seconds: number, cameras: number): number {
  return (cpuSeconds / seconds / cameras) * 100;
}

function cameraCount(count: number): string {
  return count === 1 ? '1 camera' : `${count} cameras`;
}
