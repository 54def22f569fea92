import { writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect } from '@jest/globals';
import { printEnvelope, xml } from '@nightjar/onvif';
// What it says of itself lacks half of what it has.
import { Cam } from 'onvif/promises/index.js';
import { Appliance, type VIEWER } from './support/appliance.js';
import { Cameras } from './support/cameras.js';
import { eventually } from './support/eventually.js';
import { decodedPictures, probeTracks } from './support/ffmpeg.js';
import { recordedCameraAt } from './support/installation.js';
import { sharedStage, type Stage } from './support/stage.js';

const ADMIN = { username: 'admin', password: 'sees-everything' };
const GARDENER = { username: 'gardener', password: 'only-the-garden' };
const SEGMENT_SECONDS = 4;

async function set(stage: Stage): Promise<Appliance> {
  const cameras = await Cameras.start(stage, { 'front-door': 'front-door', garden: 'garden' });
  for (const { username, password } of [ADMIN, GARDENER])
    await writeFile(path.join(stage.directory, username), password);
  const nightjar = await Appliance.start(stage, {
    recording: { segment: `${SEGMENT_SECONDS}s` },
    onvif: { hosts: ['nvr.example'] },
    cameras: {
      'front-door': recordedCameraAt(cameras.url('front-door')),
      garden: recordedCameraAt(cameras.url('garden')),
    },
    users: {
      admin: { passwordFile: 'admin', role: 'admin' },
      gardener: { passwordFile: 'gardener', role: 'viewer', cameras: ['garden'] },
    },
  });
  await eventually(
    async () =>
      expect(await nightjar.recordedSeconds('garden')).toBeGreaterThan(2 * SEGMENT_SECONDS),
    { withinMs: 30_000, everyMs: 250 },
  );
  return nightjar;
}

/** The client of the `onvif` package, connected. */
async function connect({ origin }: Appliance, login: typeof VIEWER): Promise<any> {
  const { hostname, port } = new URL(origin);
  const options = { hostname, port: Number(port), autoconnect: false, timeout: 10_000 };
  const cam = new Cam({ ...options, ...login });
  await cam.connect();
  return cam;
}

function withLogin(uri: string, { username, password }: typeof VIEWER): string {
  return uri.replace('://', `://${username}:${password}@`);
}

describe('Nightjar as an ONVIF device', () => {
  const withNightjar = sharedStage(90_000, set);

  withNightjar('shows each user its streams, which play', 40_000, async (nightjar) => {
    const admin = await connect(nightjar, ADMIN);
    expect(admin.media2Support).toBe(true);
    expect(admin.profiles.map(({ $ }: any) => $.token)).toEqual(['front-door.main', 'garden.main']);
    expect((await admin.getUsers()).map(({ userLevel }: any) => userLevel)).toEqual([
      'User',
      'Administrator',
      'User',
    ]);
    const gardener = await connect(nightjar, GARDENER);
    expect(gardener.profiles).toHaveLength(1);
    expect(gardener.activeSource).toMatchObject({ encoding: 'H264', width: 640, height: 360 });
    expect(gardener.activeSource.fps).toBeCloseTo(25, 0);
    await expect(gardener.getUsers()).rejects.toThrow('may not');
    await expect(
      gardener.getStreamUri({ protocol: 'RTSP', profileToken: 'front-door.main' }),
    ).rejects.toThrow('no profile');

    const { uri } = await gardener.getStreamUri({ protocol: 'RTSP' });
    const live = withLogin(uri, GARDENER);
    const args = ['-rtsp_transport', 'tcp', '-t', '1', '-i', live];
    expect((await decodedPictures(args)).length).toBeGreaterThan(10);
    const snapshot = await gardener.getSnapshotUri();
    expect((await fetch(snapshot.uri)).status).toBe(401);
    const jpeg = path.join(path.dirname(nightjar.configFile), 'snapshot.jpg');
    const basic = btoa(`${GARDENER.username}:${GARDENER.password}`);
    const picture = await fetch(snapshot.uri, { headers: { Authorization: `Basic ${basic}` } });
    await writeFile(jpeg, Buffer.from(await picture.arrayBuffer()));
    expect(await probeTracks(['-i', jpeg])).toEqual(['video mjpeg 640x360']);
  });

  withNightjar('tells of motion to who may see the camera', 40_000, async (nightjar) => {
    const gardener = await connect(nightjar, GARDENER);
    const motions: string[] = [];
    gardener.on('event', ({ topic, message: { message } }: any) => {
      if (!topic._.endsWith('VideoSource/MotionAlarm')) return;
      const { source, data, $ } = message;
      motions.push(
        `${$.PropertyOperation} ${source.simpleItem.$.Value} ${data.simpleItem.$.Value}`,
      );
    });
    const heard = (expected: string[]): Promise<void> =>
      eventually(() => expect(motions).toEqual(expected), { withinMs: 15_000 });
    await heard(['Initialized garden false']);
    for (const camera of ['front-door', 'garden']) {
      const response = await fetch(
        `${nightjar.origin}/api/v1/cameras/${camera}/events/motion?state=begin`,
        {
          method: 'POST',
          headers: { Authorization: `Basic ${btoa(`${ADMIN.username}:${ADMIN.password}`)}` },
        },
      );
      expect(response.status).toBe(200);
    }
    await heard(['Initialized garden false', 'Changed garden true']);
    gardener.removeAllListeners('event');
  });

  withNightjar(
    'names itself as it was reached, or as the configuration allows',
    10_000,
    async ({ origin }) => {
      const ask = async (host: string): Promise<string> => {
        const asking = request(`${origin}/onvif/device_service`, {
          method: 'POST',
          headers: { Host: host, 'Content-Type': 'application/soap+xml' },
        });
        asking.end(printEnvelope(xml('tds:GetServices')));
        const [response] = (await once(asking, 'response')) as [IncomingMessage];
        return text(response);
      };
      const { host } = new URL(origin);
      expect(await ask('evil.example')).toContain(
        `<tds:XAddr>http://${host}/onvif/device_service<`,
      );
      expect(await ask('nvr.example:81')).toContain('<tds:XAddr>http://nvr.example:81/onvif/media');
    },
  );
});
