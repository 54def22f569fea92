import type { Bench, Cameras } from '../bench.js';
import type { Case } from '../case.js';
import type { Load } from '../load.js';
import { median, quantile, type Aim, type Figure } from '../figures.js';
import type { Peer } from '../peers.js';
import type { Relay } from '../relay.js';

/** So many cameras, with as many readers each. */
interface Scene {
  readonly cameras: number;
  /** Of all cameras. */
  readonly readers: number;
}

const SCENES: readonly Scene[] = [
  { cameras: 1, readers: 50 },
  { cameras: 1, readers: 200 },
  { cameras: 1, readers: 500 },
  { cameras: 1, readers: 1000 },
  { cameras: 50, readers: 500 },
];
/** Bare loop and relays take turns so many times; the medians count. */
const ROUNDS = 3;
/** Two GOPs: every window has as many keyframes. */
const WINDOW_MS = 4_000;
/** From the last join to the window: bursts of the GOP so far have drained, garbage of the joins is gone. */
const SETTLE_MS = 1_000;
const DIRECT_MS = 2_000;
/** Readers that look at every packet, spread over the order in which readers join. */
const SAMPLED = 10;
const BARE_LOOP = 'bare loop';
const MAX_RATIO = 1.3;
const MAX_ADDED_MS = 5;
/** The scene for which the aim of the latency is given. */
const LATENCY_READERS = 500;

/** Names of the parts of a crowd. */
interface Crowd {
  /** Most of the readers, which only count. */
  readonly bulk: Load;
  /** Those that look at every packet. */
  readonly sampled: Load;
  /** One reader per camera that stays, so that no relay lets go of its cameras between its turns. */
  readonly keeper: Load;
}

/** A scene that is over. */
interface Played {
  readonly scene: Scene;
  /** By subject. */
  readonly summaries: ReadonlyMap<string, Summary>;
  readonly figures: readonly Figure[];
}

/** What a window showed. */
interface Observation {
  readonly cpuPerGigabit: number;
  readonly gigabitPerSecond: number;
  /** Packets, in the sampled readers. */
  readonly lost: number;
  /** What the reader that got least lacks of what the median reader got, in percent. */
  readonly shortfall: number;
  readonly latencyMs: readonly number[];
  readonly rssBytes: number;
  readonly loadCpuPerGigabit: number;
}

/** 4 Mbit/s cameras to readers over TCP, beside a bare loop that writes the same bytes to as many sockets. */
export const fanOutTcp: Case = {
  name: 'fan-out-tcp',
  summary: '1 camera to 50-1000 TCP readers and 50 cameras to 10 each, beside a bare loop',
  default: true,
  run: async (bench, peers) => {
    const played: Played[] = [];
    for (const scene of SCENES) played.push(await play(bench, peers, scene));
    return [...played.flatMap(({ figures }) => figures), ...memoryPerReader(played)];
  },
};

async function play(bench: Bench, peers: readonly Peer[], scene: Scene): Promise<Played> {
  const cameras = await bench.cameras({ count: scene.cameras });
  const crowd = { bulk: bench.load(), sampled: bench.load(), keeper: bench.load() };
  const directMs = await latencyOfCamera(crowd.sampled, cameras);
  const loop = await bareLoop(bench, cameras);
  const relays: Relay[] = [await bench.media({ cameraUrls: cameras.urls })];
  for (const peer of peers) relays.push(await bench.peer(peer, cameras.urls));
  const mounts = relays.flatMap((relay) => cameras.urls.map((_, camera) => relay.url(camera)));
  await crowd.keeper.open(mounts, { readers: mounts.length });

  const seen = new Map<Relay, Observation[]>([loop, ...relays].map((relay) => [relay, []]));
  for (let round = 0; round < ROUNDS; round++) {
    // Every other round the other way round: a machine that slows down favours nobody.
    const turns = round % 2 === 0 ? [...seen] : [...seen].toReversed();
    for (const [relay, observations] of turns)
      observations.push(await observe(bench, crowd, relay, scene, relay === loop));
  }
  await bench.end(
    ...[loop, ...relays, crowd.bulk, crowd.sampled, crowd.keeper, cameras].map(
      ({ program }) => program,
    ),
  );
  const bare = summarize(seen.get(loop)!, directMs);
  const summaries = new Map([[loop.name, bare]]);
  for (const relay of relays) summaries.set(relay.name, summarize(seen.get(relay)!, directMs));
  const figures = [...summaries].flatMap(([name, own]) => toFigures(name, scene, own, bare));
  return { scene, summaries, figures };
}

/** What a viewer of the camera itself sees, median in ms. */
async function latencyOfCamera(load: Load, cameras: Cameras): Promise<number> {
  await load.open(cameras.urls.slice(0, 1), { readers: 1, sampled: true });
  const { latencyMs } = await load.measure(DIRECT_MS);
  await load.close();
  return median(latencyMs);
}

async function bareLoop(bench: Bench, cameras: Cameras): Promise<Relay> {
  const program = bench.worker('reference', 'bare-loop', cameras.urls);
  const { urls } = await program.message<{ urls: string[] }>('ready');
  return { program, name: BARE_LOOP, udp: false, url: (camera) => urls[camera]! };
}

/** All readers come, a window is measured, all readers go. */
async function observe(
  bench: Bench,
  { bulk, sampled }: Crowd,
  relay: Relay,
  { cameras, readers }: Scene,
  bare: boolean,
): Promise<Observation> {
  const urls = Array.from({ length: cameras }, (_, camera) => relay.url(camera));
  const transport = bare ? 'raw-tcp' : 'tcp';
  for (let step = 0; step < SAMPLED; step++) {
    await sampled.open([urls[step % cameras]!], { readers: 1, transport, sampled: true });
    await bulk.open(urls, { readers: readers / SAMPLED - 1, transport });
  }
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  const [window, counted, looked] = await Promise.all([
    bench.window(WINDOW_MS, relay.program, bulk.program),
    bulk.measure(WINDOW_MS),
    sampled.measure(WINDOW_MS),
  ]);
  const rssBytes = relay.program.rssBytes();
  for (const load of [bulk, sampled]) await load.close();
  // The keeper of each camera is served, too.
  const served = bare ? 1 : (readers + cameras) / readers;
  const gigabits = ((counted.bytes + looked.bytes) * 8) / 1e9;
  return {
    cpuPerGigabit: window.cpu[0]! / (gigabits * served),
    gigabitPerSecond: gigabits / counted.seconds,
    lost: looked.lost,
    shortfall: 100 * (1 - counted.leastBytes / counted.medianBytes),
    latencyMs: looked.latencyMs,
    rssBytes,
    loadCpuPerGigabit: window.cpu[1]! / ((counted.bytes * 8) / 1e9),
  };
}

/** The observations of one relay, put together. */
interface Summary {
  readonly cpuPerGigabit: number;
  readonly gigabitPerSecond: number;
  /** Added to what a viewer of the camera itself sees. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  readonly lost: number;
  readonly shortfall: number;
  readonly rssBytes: number;
  readonly loadCpuPerGigabit: number;
}

function summarize(all: readonly Observation[], directMs: number): Summary {
  const middle = (read: (one: Observation) => number): number => median(all.map(read));
  const latencyMs = all.flatMap((one) => one.latencyMs);
  const added = (q: number): number => quantile(latencyMs, q) - directMs;
  return {
    cpuPerGigabit: middle((one) => one.cpuPerGigabit),
    gigabitPerSecond: middle((one) => one.gigabitPerSecond),
    p50Ms: added(0.5),
    p99Ms: added(0.99),
    maxMs: added(1),
    lost: all.reduce((sum, one) => sum + one.lost, 0),
    shortfall: Math.max(...all.map((one) => one.shortfall)),
    rssBytes: middle((one) => one.rssBytes),
    loadCpuPerGigabit: middle((one) => one.loadCpuPerGigabit),
  };
}

function toFigures(
  subject: string,
  { cameras, readers }: Scene,
  own: Summary,
  bare: Summary,
): Figure[] {
  const of = (name: string, unit: string, read: (summary: Summary) => number): Figure => ({
    subject,
    name: `${cameras} x ${readers / cameras} readers: ${name}`,
    value: read(own),
    unit,
  });
  /** The same of the bare loop is told beside it. */
  const beside = (name: string, unit: string, read: (summary: Summary) => number): Figure => ({
    ...of(name, unit, read),
    ...(own !== bare && { reference: { value: read(bare), what: BARE_LOOP } }),
  });
  const aimAt = (figure: Figure, aim: Aim): Figure =>
    subject === 'nightjar' ? { ...figure, aim } : figure;
  const p99 = beside('added latency p99', 'ms', ({ p99Ms }) => p99Ms);
  const lost = of(`lost by ${SAMPLED} readers`, 'packets', (summary) => summary.lost);
  return [
    aimAt(
      beside('CPU', 'CPU s/Gbit', ({ cpuPerGigabit }) => cpuPerGigabit),
      { ratioAtMost: MAX_RATIO },
    ),
    of('relayed', 'Gbit/s', ({ gigabitPerSecond }) => gigabitPerSecond),
    beside('added latency p50', 'ms', ({ p50Ms }) => p50Ms),
    readers === LATENCY_READERS ? aimAt(p99, { atMost: MAX_ADDED_MS }) : p99,
    beside('added latency max', 'ms', ({ maxMs }) => maxMs),
    ...(own === bare ? [] : [aimAt(lost, { atMost: 0 })]),
    of('worst reader lacks', '%', ({ shortfall }) => shortfall),
    of('memory', 'MiB', ({ rssBytes }) => rssBytes / 2 ** 20),
    of('load process', 'CPU s/Gbit', ({ loadCpuPerGigabit }) => loadCpuPerGigabit),
  ];
}

/** From what the same program needs for few readers and for many: what it needs for itself cancels out. */
function memoryPerReader(played: readonly Played[]): Figure[] {
  const single = played.filter(({ scene }) => scene.cameras === 1);
  const [few, many] = [single[0]!, single.at(-1)!];
  const readers = many.scene.readers - few.scene.readers;
  return [...many.summaries].map(([subject, { rssBytes }]) => ({
    subject,
    name: `memory per reader, ${few.scene.readers} to ${many.scene.readers} readers`,
    value: (rssBytes - few.summaries.get(subject)!.rssBytes) / readers / 1024,
    unit: 'KiB',
  }));
}
