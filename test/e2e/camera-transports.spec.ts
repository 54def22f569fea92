import { describe, expect, it } from '@jest/globals';
import { startGstCamera } from './support/gst-camera.js';
import { Installation } from './support/installation.js';
import { canMakeNetworks, NetworkNamespace } from './support/network-namespace.js';
import { scenario } from './support/stage.js';

describe('a camera of GStreamer', () => {
  if (!canMakeNetworks) {
    it.todo('needs networks of its own');
    return;
  }

  scenario('is taken from a multicast group', 60_000, async (stage) => {
    const network = await NetworkNamespace.enter(stage);
    const neighbour = await network.neighbour(stage);
    const camera = await startGstCamera(stage, {
      host: neighbour.address,
      transport: ['multicast', 'eth0'],
      through: neighbour.command,
    });
    const nightjar = await Installation.create(stage, {
      cameras: {
        yard: { streams: { main: { url: `rtsp://${camera}`, transport: 'multicast' } } },
      },
    });
    await nightjar.startMedia();
    const input = ['-rtsp_transport', 'tcp', '-i', nightjar.url('yard')];
    const args = ['-nostdin', '-v', 'error', ...input, '-frames:v', '30', '-f', 'null', '-'];
    expect(await network.run('ffmpeg', args)).toMatchObject({ code: 0, stderr: '' });
    expect(stage.log('media')).toMatch(/camera is online.*multicast|multicast.*camera is online/s);
  });
});
