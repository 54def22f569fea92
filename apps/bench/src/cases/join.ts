import type { Bench } from '../bench.js';
import type { Case } from '../case.js';
import { quantile, type Figure } from '../figures.js';
import type { Peer } from '../peers.js';
import type { Relay } from '../relay.js';

const GOPS_SECONDS = [2, 10] as const;
const JOINS = 200;
/** Joins are spread over a whole number of GOPs, so that they fall on every phase alike. */
const SPREAD_MS = 10_000;
/** Every relay has seen a keyframe by then. */
const WARM_UP_GOPS = 1.2;
const QUANTILES = [
  ['p50', 0.5],
  ['p99', 0.99],
  ['max', 1],
] as const;

/**
 * From connect() to the first complete keyframe, of viewers that come at random; beside viewers of the camera itself, who have
 * to wait for its next keyframe.
 */
export const join: Case = {
  name: 'join',
  summary: 'connect to first complete keyframe, over TCP and UDP, GOPs of 2 and 10 s',
  default: true,
  run: async (bench, peers) => {
    const figures: Figure[] = [];
    for (const gopSeconds of GOPS_SECONDS) figures.push(...(await play(bench, peers, gopSeconds)));
    return figures;
  },
};

async function play(bench: Bench, peers: readonly Peer[], gopSeconds: number): Promise<Figure[]> {
  const cameras = await bench.cameras({ count: 1, gopSeconds });
  const relays: Relay[] = [await bench.media({ cameraUrls: cameras.urls })];
  for (const peer of peers) relays.push(await bench.peer(peer, cameras.urls));
  const keeper = bench.load();
  await keeper.open(
    relays.map((relay) => relay.url(0)),
    { readers: relays.length },
  );
  await new Promise((resolve) => setTimeout(resolve, WARM_UP_GOPS * gopSeconds * 1000));

  // Joins at the camera cost one frame each: they disturb nobody.
  const atCamera = joinAll(bench, cameras.urls[0]!, 'tcp');
  const joined: { relay: Relay; transport: 'tcp' | 'udp'; keyframeMs: readonly number[] }[] = [];
  for (const relay of relays) {
    for (const transport of relay.udp ? (['tcp', 'udp'] as const) : (['tcp'] as const))
      joined.push({ relay, transport, keyframeMs: await joinAll(bench, relay.url(0), transport) });
  }
  const cameraMs = await atCamera;
  await bench.end(...[...relays, keeper, cameras].map(({ program }) => program));
  return joined.flatMap(({ relay, transport, keyframeMs }) =>
    QUANTILES.map(([name, q]) => ({
      subject: relay.name,
      name: `${transport.toUpperCase()}, ${gopSeconds} s GOP: first keyframe ${name}`,
      value: quantile(keyframeMs, q),
      unit: 'ms',
      reference: { value: quantile(cameraMs, q), what: 'camera itself' },
    })),
  );
}

async function joinAll(bench: Bench, url: string, transport: 'tcp' | 'udp'): Promise<number[]> {
  const load = bench.load();
  const { keyframeMs } = await load.join([url], transport, JOINS, SPREAD_MS);
  await bench.end(load.program);
  return [...keyframeMs];
}
