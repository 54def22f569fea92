import type { Bench } from '../bench.js';
import type { Case } from '../case.js';
import { median, type Figure } from '../figures.js';
import type { Load } from '../load.js';
import type { Program } from '../program.js';

/** Few: on the loopback interface each costs the sender a copy that a switch would make. */
const RECEIVERS = 4;
const BITS_PER_SECOND = 4_000_000;
const ROUNDS = 3;
/** A GOP: every window has as many keyframes. */
const WINDOW_MS = 2_000;
/** Members of a group wait for the next keyframe. */
const SETTLE_MS = 2_200;
const LOOPBACK = '127.0.0.1';
/** Of the bare loop; the server takes its own from its range. */
const BARE_GROUP = { address: '239.255.77.77', port: 47_770 };
const BARE_LOOP = 'bare sendmsg loop';

interface Observation {
  readonly microsecondsPerPacket: number;
  readonly lost: number;
  readonly packets: number;
}

/**
 * One 4 Mbit/s camera to a group with some members, beside a loop that does the least to send the same packets to one. Packets
 * are sent once, so that the server's figure is above all what it costs to have the camera at all.
 */
export const multicast: Case = {
  name: 'multicast',
  summary: '1 camera to a multicast group on the loopback interface, beside a bare sendmsg loop',
  default: true,
  run: async (bench) => {
    const cameras = await bench.cameras({ count: 1, bitsPerSecond: BITS_PER_SECOND });
    const load = bench.load();
    const bare = bench.worker('reference', 'udp-loop', ['segments', String(BITS_PER_SECOND)]);
    await bare.message('ready');
    const media = await bench.media({
      cameraUrls: cameras.urls,
      config: { rtsp: { multicast: { enabled: true, interface: LOOPBACK } } },
    });
    const seen: Record<'bare' | 'nightjar', Observation[]> = { bare: [], nightjar: [] };
    for (let round = 0; round < ROUNDS; round++) {
      bare.child.send([BARE_GROUP]);
      const group = `udp://${BARE_GROUP.address}:${BARE_GROUP.port}`;
      seen.bare.push(await observe(bench, load, bare, group, 'raw-multicast'));
      bare.child.send([]);
      seen.nightjar.push(await observe(bench, load, media.program, media.url(0), 'multicast'));
    }
    await bench.end(media.program, bare, load.program, cameras.program);
    return toFigures(seen);
  },
};

async function observe(
  bench: Bench,
  load: Load,
  sender: Program,
  url: string,
  transport: 'raw-multicast' | 'multicast',
): Promise<Observation> {
  await load.open([url], { readers: RECEIVERS, transport });
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  const [window, measured] = await Promise.all([
    bench.window(WINDOW_MS, sender),
    load.measure(WINDOW_MS),
  ]);
  await load.close();
  const packets = measured.packets / RECEIVERS;
  return { microsecondsPerPacket: (1e6 * window.cpu[0]!) / packets, lost: measured.lost, packets };
}

function toFigures(seen: Record<'bare' | 'nightjar', readonly Observation[]>): Figure[] {
  const cpuOf = (observations: readonly Observation[]): number =>
    median(observations.map(({ microsecondsPerPacket }) => microsecondsPerPacket));
  const of = (subject: string, name: string, value: number, unit: string): Figure => ({
    subject,
    name: `${RECEIVERS} receivers: ${name}`,
    value,
    unit,
  });
  const reference = { value: cpuOf(seen.bare), what: BARE_LOOP };
  const lost = seen.nightjar.reduce((sum, one) => sum + one.lost, 0);
  const rate = median(seen.nightjar.map(({ packets }) => packets)) / (WINDOW_MS / 1000);
  return [
    of(BARE_LOOP, 'CPU per packet sent', reference.value, 'us'),
    { ...of('nightjar', 'CPU per packet sent', cpuOf(seen.nightjar), 'us'), reference },
    of('nightjar', 'sent', rate, 'packets/s'),
    { ...of('nightjar', 'lost by receivers', lost, 'packets'), aim: { atMost: 0 } },
  ];
}
