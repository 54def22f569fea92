import { describe, expect, it } from '@jest/globals';
import { X509Certificate } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { makeSelfSigned } from '@nightjar/relay';
import { startGstCamera, startGstCrowd, startScriptedCamera } from './support/gst-camera.js';
import { Installation, recordedCameraAt } from './support/installation.js';
import { canMakeNetworks, NetworkNamespace } from './support/network-namespace.js';
import { runProgram } from './support/program.js';
import { scenario, sharedStage, type Stage } from './support/stage.js';

const CROWD = 40;
/** Of the start gate. */
const STARTING_AT_ONCE = 16;

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

/** Cameras of other makers, each of which goes by one way alone. */
async function startCameras(stage: Stage): Promise<Installation> {
  const { cert, key } = makeSelfSigned(['127.0.0.1'], Date.now());
  const file = path.join(stage.directory, 'camera.pem');
  await writeFile(file, cert + key);
  const tls = { fingerprint: new X509Certificate(cert).fingerprint256 };
  const host = '127.0.0.1';
  const [srtp, udp, tcp, keyed] = await Promise.all([
    startGstCamera(stage, { host, transport: ['srtp', file] }),
    startGstCamera(stage, { host, transport: ['only', 'udp'] }),
    startGstCamera(stage, { host, transport: ['only', 'tcp'] }),
    startScriptedCamera(stage, 'keyed', file),
  ]);
  const elsewhere = await startScriptedCamera(stage, 'redirect', `rtsp://${udp}`);
  const nightjar = await Installation.create(stage, {
    cameras: {
      'srtp-tcp': { streams: { main: { url: `rtsps://${srtp}`, transport: 'tcp' } }, tls },
      'srtp-udp': { streams: { main: { url: `rtsps://${srtp}`, transport: 'udp' } }, tls },
      keyed: { streams: { main: { url: `rtsps://${keyed}/live` } }, tls },
      'only-udp': { streams: { main: { url: `rtsp://${udp}` } } },
      'only-tcp': { streams: { main: { url: `rtsp://${tcp}`, transport: 'udp' } } },
      redirected: { streams: { main: { url: `rtsp://${elsewhere}/live` } } },
    },
  });
  await nightjar.startMedia();
  return nightjar;
}

describe('cameras of others', () => {
  const withCameras = sharedStage(30_000, startCameras);

  for (const [what, camera, transport] of [
    ['by SRTP over TCP', 'srtp-tcp', 'tcp'],
    ['by SRTP over UDP', 'srtp-udp', 'udp'],
    ['by SRTP under a key of ours, with its identifier', 'keyed', 'tcp'],
    ['over UDP, when TCP is refused', 'only-udp', 'udp'],
    ['over TCP, when UDP is refused', 'only-tcp', 'tcp'],
    ['where it redirects to', 'redirected', 'udp'],
  ] as const) {
    withCameras(`is taken ${what}`, 30_000, async (nightjar, stage) => {
      const input = ['-rtsp_transport', 'tcp', '-i', nightjar.url(camera)];
      const args = [
        '-nostdin',
        '-v',
        'error',
        ...input,
        '-an',
        '-frames:v',
        '20',
        '-f',
        'framemd5',
        '-',
      ];
      const { code, stdout, stderr } = await runProgram('ffmpeg', args);
      expect([code, stderr]).toEqual([0, '']);
      const pictures = stdout.split('\n').filter((line) => line.startsWith('0,'));
      expect(pictures).toHaveLength(20);
      const online = stage
        .log('media')
        .split('\n')
        .filter(
          (line) => line.includes(`"camera":"${camera}"`) && line.includes('camera is online'),
        );
      expect(online[0]).toContain(`"transport":"${transport}"`);
    });
  }

  withCameras('are not all asked at once', 40_000, async (nightjar, stage) => {
    const crowd = await startGstCrowd(stage, CROWD);
    const names = Array.from({ length: CROWD }, (_, at) => `crowd-${at}`);
    const camera = recordedCameraAt(crowd.url);
    await nightjar.setCameras(Object.fromEntries(names.map((name) => [name, camera])));
    const most = await crowd.most;
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(STARTING_AT_ONCE);
  });
});
