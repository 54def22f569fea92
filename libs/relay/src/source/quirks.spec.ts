import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { MonotonicMs, WallTimeMs } from '@nightjar/common';
import { encodeRtp, timestampOf } from '@nightjar/rtp';
import { TrackContinuity } from '../hub/continuity.js';
import { SenderClock } from '../hub/sender-clock.js';
import { SourceCounters } from './source-counters.js';
import { MediaBench, goodbye, report, rtp, sound, type Frame } from './testing/media-bench.js';
import { TOLERATED_MEDIA, type CameraTolerance } from './tolerated.js';
import { bindUdpPair, closeUdpPair } from './udp-pair.js';
import { UdpTrack } from './udp-track.js';

const RATE = 90_000;
const NOW = Date.UTC(2026, 10, 30) as WallTimeMs;

/** What was noted while a fixture ran. */
let noted: CameraTolerance[];

/** What is passed on, in words, of media that come while it plays. */
function received(...frames: readonly Frame[]): string {
  const bench = new MediaBench().play().read(...frames);
  noted = bench.counters.quirks;
  return bench.text;
}

/** What players see between pictures with these timestamps that come 40 ms apart; negative: a step back. */
function steps(timestamps: readonly number[], begin: (c: TrackContinuity) => void = () => {}) {
  const continuity = new TrackContinuity(RATE);
  const seen = timestamps.map((timestamp, n) => {
    if (n === 1) begin(continuity);
    const fields = { payloadType: 96, sequence: n, timestamp, ssrc: 9, marker: true };
    const packet = encodeRtp(fields, Buffer.alloc(5));
    continuity.rewrite(packet, 0, packet.length, (1_000 + 40 * n) as MonotonicMs);
    return timestampOf(packet, 0);
  });
  return seen.slice(1).map((timestamp, n) => (timestamp - seen[n]!) | 0);
}

/** Datagrams of these sizes, from another port than was told, as they arrive. */
async function datagrams(sizes: readonly number[]): Promise<number[]> {
  const pair = await bindUdpPair('127.0.0.1');
  const camera = createSocket('udp4');
  const arrived: number[] = [];
  let wake = (): void => undefined;
  const track = new UdpTrack({
    pair,
    peer: '127.0.0.1',
    serverPorts: [9, 10],
    counters: new SourceCounters(),
    receive: ({ length }) => {
      arrived.push(length);
      wake();
      return true;
    },
  });
  camera.bind(0, '127.0.0.1');
  await once(camera, 'listening');
  for (const size of sizes) camera.send(Buffer.alloc(size), pair.ports[0], '127.0.0.1');
  while (arrived.length < sizes.length) await new Promise<void>((resolve) => (wake = resolve));
  track.sendRtcp(Buffer.alloc(8));
  camera.close();
  closeUdpPair(pair);
  return arrived;
}

const FIXTURES: Readonly<Record<keyof typeof TOLERATED_MEDIA, () => void | Promise<void>>> = {
  'early-media': () => {
    const bench = new MediaBench();
    bench.media.open();
    bench.read(rtp(1));
    bench.media.begin();
    noted = bench.counters.quirks;
    expect(bench.text).toBe('1');
  },
  'foreign-payload-type': () =>
    expect(received(rtp(1), rtp(1, { payloadType: 50 }), rtp(2))).toBe('1 2'),
  'leftover-packets': () => expect(received(rtp(1), rtp(900, { ssrc: 2 }), rtp(2))).toBe('1 2'),
  'unassigned-channel': () => expect(received(rtp(1), [8, rtp(5)[1]], rtp(2))).toBe('1 2'),
  'foreign-reports': () => expect(received(rtp(1), report(77), goodbye(77), rtp(2))).toBe('1 2'),
  'headless-reports': () => {
    const [, whole] = report(1);
    const senderReport = whole.subarray(0, 28);
    // SDES of one chunk with a CNAME of two letters, and nothing behind it.
    const description = Buffer.from('81ca00020000000101026162', 'hex');
    const reversed = Buffer.concat([description, senderReport]);
    expect(received(rtp(1), [1, reversed], rtp(2))).toBe('1 report 2');
  },
  'large-datagrams': async () =>
    expect(await datagrams([10_000, 20, 9_999])).toEqual([10_000, 20, 9_999]),
  'other-port': async () => expect(await datagrams([20, 21])).toEqual([20, 21]),
  'clock-restart': () => expect(steps([5_000_000, 17], (c) => c.restart())).toEqual([3_600]),
  'clock-jump': () =>
    expect(steps([1_000_000, 1_003_600, 1_007_200 + 3600 * RATE])).toEqual([3_600, 3_600]),
  'picture-far-away': () => {
    const away = [9_800, -9_800].map((seconds) =>
      steps([1e9, 1e9 + 3_600, 1e9 + 7_200 + seconds * RATE, 1e9 + 10_800, 1e9 + 14_400]),
    );
    expect(away).toEqual(Array.from({ length: 2 }, () => [3_600, 3_600, 3_600, 3_600]));
  },
  'wrong-date': () => {
    const clock = new SenderClock();
    clock.cameraReport(0, Date.UTC(1970, 0, 1), 1_000, NOW);
    expect(clock.timestampAt(0, (NOW + 1_000) as WallTimeMs, RATE)).toBe(1_000 + RATE);
  },
  'no-reports': () => {
    const clock = new SenderClock();
    clock.arrival(0, 1_000, NOW);
    expect(clock.timestampAt(0, (NOW + 1_000) as WallTimeMs, RATE)).toBe(1_000 + RATE);
  },
  'pcm-by-name': () => {
    const bench = new MediaBench({}, sound('PCM')).play().read(rtp(1, {}, Buffer.of(1, 2)));
    expect(bench.told?.format.encodingName).toBe('L16');
    expect([...bench.passed[0]!.subarray(12)]).toEqual([2, 1]);
  },
};

describe('media that are not as they should be, which is borne', () => {
  beforeEach(() => void (noted = []));

  it.each(Object.entries(FIXTURES))('%s', async (name, check) => {
    await check();
    const tolerance = TOLERATED_MEDIA[name as keyof typeof FIXTURES];
    expect(noted).toEqual('noted' in tolerance ? [name] : []);
  });
});
