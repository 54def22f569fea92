import { describe, expect } from '@jest/globals';
import { Cameras } from './support/cameras.js';
import { eventually } from './support/eventually.js';
import { rtspInput } from './support/ffmpeg.js';
import { cameraAt, Installation } from './support/installation.js';
import { canMakeNetworks, NetworkNamespace } from './support/network-namespace.js';
import { runProgram } from './support/program.js';
import { RtspClient } from './support/rtsp-client.js';
import { scenario, sharedStage, type Stage } from './support/stage.js';

const PICTURES = 50;
const GROUP = /^c=IN IP4 (239\.192\.\d+\.\d+)\/1$/m;

interface Relay {
  readonly cameras: Cameras;
  readonly nightjar: Installation;
}

/** Everything on the loopback interface, so that no packet leaves the machine. */
async function startRelay(stage: Stage): Promise<Relay> {
  const cameras = await Cameras.start(stage, { 'front-door': 'front-door' });
  const nightjar = await Installation.create(stage, {
    rtsp: { closeAfter: '1s', multicast: { enabled: true, interface: '127.0.0.1' } },
    cameras: { 'front-door': cameraAt(cameras.url('front-door')) },
  });
  await nightjar.startMedia();
  return { cameras, nightjar };
}

/** What GStreamer decodes of a stream that it joins on the loopback interface: a checksum per picture. */
async function picturesByGStreamer(url: string): Promise<string[]> {
  const pipeline = [
    `rtspsrc location=${url} protocols=udp-mcast multicast-iface=lo latency=0`,
    'rtph264depay ! h264parse ! avdec_h264',
    `identity eos-after=${PICTURES + 1} ! checksumsink`,
  ].join(' ! ');
  const { stdout } = await runProgram('gst-launch-1.0', ['-q', ...pipeline.split(' ')]);
  return stdout.split('\n').filter((line) => /^\d+:\d\d:\d\d\.\d+ [0-9a-f]{40}$/.test(line));
}

describe('multicast', () => {
  const withRelay = sharedStage(20_000, startRelay);

  for (const form of ['front-door', 'front-door?multicast']) {
    withRelay(`is played by GStreamer from ${form}`, 30_000, async ({ nightjar }) => {
      expect(await picturesByGStreamer(nightjar.url(form))).toHaveLength(PICTURES);
    });
  }

  withRelay('is one sender, however many listen', 30_000, async ({ cameras, nightjar }) => {
    const url = nightjar.url('front-door');
    const listening = Promise.all([picturesByGStreamer(url), picturesByGStreamer(url)]);
    const camera = 'front-door';
    await eventually(
      async () => {
        const metrics = await nightjar.metrics();
        expect(metrics.sum('nightjar_rtsp_sessions')).toBe(2);
        expect(metrics.sum('nightjar_readers', { camera, transport: 'multicast' })).toBe(1);
        expect(
          metrics.sum('nightjar_reader_packets_total', { camera, transport: 'multicast' }),
        ).toBeGreaterThan(0);
      },
      { withinMs: 10_000 },
    );
    expect((await listening).map((pictures) => pictures.length)).toEqual([PICTURES, PICTURES]);
    await eventually(
      async () => {
        const metrics = await nightjar.metrics();
        expect(metrics.sum('nightjar_readers', { camera, transport: 'multicast' })).toBe(0);
        expect((await cameras.status(camera)).sessions).toBe(0);
      },
      { withinMs: 5_000 },
    );
    expect((await nightjar.metrics()).sum('nightjar_udp_packets_dropped_total')).toBe(0);
  });

  withRelay('is described with its group, and otherwise not mentioned', 10_000, async (relay) => {
    const client = await RtspClient.connect(relay.nightjar.url('front-door?multicast'));
    const group = await client.ask('DESCRIBE', client.url);
    expect(group.body.toString()).toMatch(GROUP);
    const plain = await client.ask('DESCRIBE', client.url.replace('?multicast', ''));
    expect(plain.body.toString()).toMatch(/^c=IN IP4 0\.0\.0\.0$/m);
    client.close();
  });

  // ffmpeg 5 joins where the routing table says: to the loopback interface only in a network that has no other.
  if (canMakeNetworks) {
    scenario('is decoded by ffmpeg without a complaint', 60_000, async (stage) => {
      const network = await NetworkNamespace.enter(stage);
      const { nightjar } = await startRelay(stage);
      for (const form of ['front-door', 'front-door?multicast']) {
        const input = [...rtspInput('udp_multicast', nightjar.url(form)), '-t', '3'];
        const args = ['-nostdin', '-v', 'error', ...input, '-f', 'null', '-'];
        const { code, stderr } = await network.run('ffmpeg', args);
        expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      }
    });
  }
});
