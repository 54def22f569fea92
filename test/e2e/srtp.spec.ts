import { describe, expect } from '@jest/globals';
import path from 'node:path';
import { Cameras } from './support/cameras.js';
import { eventually } from './support/eventually.js';
import { SYSTEM_PYTHON } from './support/gstreamer.js';
import { cameraAt, Installation, LOGIN } from './support/installation.js';
import { runProgram } from './support/program.js';
import { sharedStage, type Stage } from './support/stage.js';

const PICTURES = 50;
/** As many as the player waits for. */
const PACKETS = 30;
const PLAYER = path.join(import.meta.dirname, 'support/srtp-player.py');

async function startRelay(stage: Stage): Promise<Installation> {
  const cameras = await Cameras.start(stage, { 'front-door': 'front-door' });
  const nightjar = await Installation.create(stage, {
    rtsp: {
      tls: { selfSigned: true },
      multicast: { enabled: true, interface: '127.0.0.1' },
    },
    cameras: { 'front-door': cameraAt(cameras.url('front-door')) },
  });
  await nightjar.startMedia();
  return nightjar;
}

const secureUrl = (nightjar: Installation): string =>
  nightjar.url('front-door').replace('rtsp:', 'rtsps:');

/** What GStreamer decodes: a checksum per picture. It takes SRTP because the description says so. */
async function picturesByGStreamer(url: string, protocols: string): Promise<string[]> {
  const pipeline = [
    `rtspsrc location=${url} protocols=${protocols} multicast-iface=lo tls-validation-flags=0 latency=0`,
    'rtph264depay ! h264parse ! avdec_h264',
    `identity eos-after=${PICTURES + 1} ! checksumsink`,
  ].join(' ! ');
  const { stdout } = await runProgram('gst-launch-1.0', ['-q', ...pipeline.split(' ')]);
  return stdout.split('\n').filter((line) => /^\d+:\d\d:\d\d\.\d+ [0-9a-f]{40}$/.test(line));
}

describe('SRTP', () => {
  const withRelay = sharedStage(25_000, startRelay);

  for (const [protocols, transport] of [
    ['udp', 'udp'],
    ['tcp', 'tcp'],
    ['udp-mcast', 'multicast'],
  ] as const) {
    withRelay(`is decoded by GStreamer over ${protocols}`, 30_000, async (nightjar) => {
      const pictures = await picturesByGStreamer(secureUrl(nightjar), protocols);
      expect(pictures).toHaveLength(PICTURES);
      const metrics = await nightjar.metrics();
      const sent = { camera: 'front-door', transport };
      expect(metrics.sum('nightjar_reader_packets_total', sent)).toBeGreaterThan(PICTURES);
    });
  }

  withRelay('is decoded by all who join while others play', 30_000, async (nightjar) => {
    const url = secureUrl(nightjar);
    const read = async (): Promise<number> =>
      (await nightjar.metrics()).sum('nightjar_reader_packets_total', { camera: 'front-door' });
    const before = await read();
    const first = picturesByGStreamer(url, 'udp');
    await eventually(async () => expect(await read()).toBeGreaterThan(before), {
      withinMs: 10_000,
    });
    const others = ['udp', 'tcp'].map((protocols) => picturesByGStreamer(url, protocols));
    const counts = (await Promise.all([first, ...others])).map((pictures) => pictures.length);
    expect(counts).toEqual([PICTURES, PICTURES, PICTURES]);
  });

  withRelay(
    'is read by libsrtp, also under a key that is asked for later',
    30_000,
    async (nightjar) => {
      const { port } = new URL(nightjar.url(''));
      const args = [PLAYER, port, 'front-door', LOGIN.username, LOGIN.password];
      const { stdout, stderr } = await runProgram(SYSTEM_PYTHON, args);
      if (stdout === '') throw new Error(stderr);
      const { before, after, told } = JSON.parse(stdout) as Readonly<Record<string, unknown>>;
      expect([before, told]).toEqual([[PACKETS, PACKETS], true]);
      const [changed, read] = after as [number, number];
      expect(changed).toBeGreaterThan(PACKETS / 2);
      expect(read).toBe(changed);
    },
  );

  withRelay('may be left alone: ffmpeg plays unprotected, inside TLS', 30_000, async (nightjar) => {
    const input = ['-i', secureUrl(nightjar), '-frames:v', String(PICTURES)];
    const args = ['-nostdin', '-v', 'error', ...input, '-f', 'null', '-'];
    const { code, stderr } = await runProgram('ffmpeg', args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });
});
