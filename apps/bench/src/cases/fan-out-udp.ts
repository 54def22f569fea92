import type { Bench } from '../bench.js';
import type { Case } from '../case.js';
import { median, quantile, type Figure } from '../figures.js';
import type { Load } from '../load.js';
import { PEERS, type Peer } from '../peers.js';
import type { Program } from '../program.js';
import type { Relay } from '../relay.js';

const READERS = [50, 200] as const;
const BITS_PER_SECOND = 4_000_000;
const ROUNDS = 3;
/** A GOP: every window has as many keyframes. */
const WINDOW_MS = 2_000;
/** From the last join to the window: the paced bursts of the GOP so far are over. */
const SETTLE_MS = 700;
/** Readers that look at every packet. */
const SAMPLED = 4;
const MAX_MICROSECONDS = 1;
const AIMED_READERS = 200;

/** Who sends to the readers. */
interface Sender {
  readonly subject: string;
  readonly program: Program;
  /** Makes readers come. */
  come(readers: number, load: Load, gro: boolean): Promise<void>;
  /** What belongs to the sender ends with its readers. */
  stop(): void;
  /** Undefined of a loop, which is sent to no more than the readers of the window. */
  readonly relay: Relay | undefined;
}

interface Observation {
  readonly microsecondsPerPacket: number;
  readonly packetsPerSecond: number;
  readonly droppedHere: number;
  readonly lost: number;
  readonly latencyMs: readonly number[];
  readonly loadMicroseconds: number;
}

/**
 * One 4 Mbit/s camera to readers over UDP, beside loops that do the least this runtime can to send the same packets. Twice:
 * with receivers as they are, for which the loopback interface cuts segments and queues them one by one at the sender's
 * expense, and with receivers that take them whole (UDP_GRO), which is what is left when the receiver is another machine.
 */
export const fanOutUdp: Case = {
  name: 'fan-out-udp',
  summary: '1 camera to 50 and 200 UDP readers, beside bare sendmsg and dgram loops',
  default: true,
  run: async (bench, peers) => {
    const figures: Figure[] = [];
    for (const readers of READERS) figures.push(...(await play(bench, peers, readers)));
    return figures;
  },
};

async function play(bench: Bench, peers: readonly Peer[], readers: number): Promise<Figure[]> {
  const cameras = await bench.cameras({ count: 1, bitsPerSecond: BITS_PER_SECOND });
  const [keeper, sampled] = [bench.load(), bench.load()];
  const segments = await bareLoop(bench, 'segments', 'bare sendmsg loop');
  const datagrams = await bareLoop(bench, 'datagrams', 'bare dgram loop');
  const relays: Relay[] = [await bench.media({ cameraUrls: cameras.urls })];
  for (const peer of peers)
    if (PEERS[peer.name]!.udp) relays.push(await bench.peer(peer, cameras.urls));
  await keeper.open(
    relays.map((relay) => relay.url(0)),
    { readers: relays.length, transport: 'udp' },
  );
  const senders = [segments, ...relays.map(relaySender)];

  const figures: Figure[] = [];
  for (const gro of [false, true]) {
    const bulk = bench.load();
    // Datagrams sent one by one never arrive in runs.
    const taking = gro ? senders : [...senders, datagrams];
    const seen = new Map<Sender, Observation[]>(taking.map((sender) => [sender, []]));
    for (let round = 0; round < ROUNDS; round++) {
      const turns = round % 2 === 0 ? [...seen] : [...seen].toReversed();
      for (const [sender, observations] of turns)
        observations.push(await observe(bench, { bulk, sampled }, sender, readers, gro));
    }
    await bench.end(bulk.program);
    figures.push(...toFigures(seen, segments, readers, gro));
  }
  await bench.end(
    ...[...senders, datagrams, keeper, sampled, cameras].map(({ program }) => program),
  );
  return figures;
}

async function bareLoop(bench: Bench, mode: string, subject: string): Promise<Sender> {
  const program = bench.worker('reference', 'udp-loop', [mode, String(BITS_PER_SECOND)]);
  await program.message('ready');
  return {
    subject,
    program,
    relay: undefined,
    come: async (readers, load, gro) => {
      const { udpPorts } = await load.open([], { readers, transport: 'raw-udp', gro });
      program.child.send(udpPorts.map((port) => ({ address: '127.0.0.1', port })));
    },
    stop: () => program.child.send([]),
  };
}

function relaySender(relay: Relay): Sender {
  return {
    subject: relay.name,
    program: relay.program,
    relay,
    come: async (readers, load, gro) => {
      await load.open([relay.url(0)], { readers, transport: 'udp', gro });
    },
    stop: () => undefined,
  };
}

async function observe(
  bench: Bench,
  { bulk, sampled }: { readonly bulk: Load; readonly sampled: Load },
  sender: Sender,
  readers: number,
  gro: boolean,
): Promise<Observation> {
  const { relay } = sender;
  await sender.come(readers, bulk, gro);
  if (relay !== undefined)
    await sampled.open([relay.url(0)], { readers: SAMPLED, transport: 'udp', sampled: true });
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  const [window, counted, looked] = await Promise.all([
    bench.window(WINDOW_MS, sender.program, bulk.program),
    bulk.measure(WINDOW_MS),
    sampled.measure(WINDOW_MS),
  ]);
  sender.stop();
  for (const load of [bulk, sampled]) await load.close();
  // The keeper and the sampled readers are served, too.
  const served = relay === undefined ? 1 : (readers + SAMPLED + 1) / readers;
  return {
    microsecondsPerPacket: (1e6 * window.cpu[0]!) / (counted.packets * served),
    packetsPerSecond: counted.packets / counted.seconds,
    // The loops send the same numbers over and over.
    lost: relay === undefined ? 0 : counted.lost + looked.lost,
    droppedHere: counted.droppedHere,
    latencyMs: looked.latencyMs,
    loadMicroseconds: (1e6 * window.cpu[1]!) / counted.packets,
  };
}

function toFigures(
  seen: ReadonlyMap<Sender, readonly Observation[]>,
  bare: Sender,
  readers: number,
  gro: boolean,
): Figure[] {
  const receivers = gro ? 'UDP_GRO receivers' : 'plain receivers';
  const cpuOf = (observations: readonly Observation[]): number =>
    median(observations.map(({ microsecondsPerPacket }) => microsecondsPerPacket));
  const reference = { value: cpuOf(seen.get(bare)!), what: bare.subject };
  return [...seen].flatMap(([sender, observations]): Figure[] => {
    const { subject, relay } = sender;
    const of = (name: string, value: number, unit: string): Figure => ({
      subject,
      name: `${readers} ${receivers}: ${name}`,
      value,
      unit,
    });
    const sum = (read: (one: Observation) => number): number =>
      observations.reduce((total, one) => total + read(one), 0);
    const middle = (read: (one: Observation) => number): number => median(observations.map(read));
    const latencyMs = observations.flatMap(({ latencyMs }) => latencyMs);
    const isAimed = subject === 'nightjar' && readers === AIMED_READERS;
    const cpu: Figure = {
      ...of('CPU per packet', cpuOf(observations), 'us'),
      ...(sender !== bare && { reference }),
      ...(isAimed && { aim: { atMost: MAX_MICROSECONDS } }),
    };
    const sent = of('sent', middle(({ packetsPerSecond }) => packetsPerSecond) / 1e3, 'packets/ms');
    const load = of(
      'load process',
      middle(({ loadMicroseconds }) => loadMicroseconds),
      'us/packet',
    );
    const dropped = of(
      'dropped at own sockets',
      sum(({ droppedHere }) => droppedHere),
      'packets',
    );
    if (relay === undefined) return [cpu, sent, dropped];
    return [
      cpu,
      sent,
      of(
        'lost',
        sum(({ lost }) => lost),
        'packets',
      ),
      dropped,
      of('latency p50', quantile(latencyMs, 0.5), 'ms'),
      of('latency p99', quantile(latencyMs, 0.99), 'ms'),
      load,
    ];
  });
}
