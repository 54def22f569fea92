import { describe, expect } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { Cameras } from './support/cameras.js';
import { eventually } from './support/eventually.js';
import { Installation } from './support/installation.js';
import { nextLine, startPython } from './support/python.js';
import { RtspClient } from './support/rtsp-client.js';
import { RtspPlayer } from './support/rtsp-player.js';
import { sharedStage } from './support/stage.js';

const TRANSPORTS = ['tcp', 'udp'] as const;
const REQUIRE = { Require: 'www.onvif.org/ver20/backchannel' };
/** Bytes of G.711 in a second. */
const ONE_SECOND = 8_000;
/** G.711 of a square wave holds two values. */
const LOUD = new Set([0x86, 0x06]);

describe('talking to a camera', () => {
  const withCameras = sharedStage(40_000, async (stage) => {
    const heard = (name: string): string => path.join(stage.directory, `heard-${name}`);
    const camera = async (name: string, ...more: string[]): Promise<string> => {
      const port = await nextLine(startPython(stage, 'talking-camera.py', [heard(name), ...more]));
      return `rtsp://127.0.0.1:${port}/live`;
    };
    const [tcp, udp, mute] = await Promise.all([
      camera('tcp'),
      camera('udp'),
      camera('mute', 'refuse'),
    ]);
    const simulated = await Cameras.start(stage, { sim: 'front-door' });
    const talking = (url: string, transport: string): object => ({
      streams: { main: { url, transport, backchannel: true } },
    });
    const nightjar = await Installation.create(stage, {
      users: { guard: { passwordFile: 'viewer-password', role: 'admin' } },
      cameras: {
        tcp: talking(tcp, 'tcp'),
        udp: talking(udp, 'udp'),
        mute: talking(mute, 'tcp'),
        sim: talking(simulated.url('sim'), 'tcp'),
      },
    });
    await nightjar.startMedia();
    return { nightjar, heard, simulated };
  });
  const guard = { username: 'guard', password: 'watch-all-night' };

  for (const transport of TRANSPORTS) {
    withCameras(
      `GStreamer is heard by a camera of GStreamer over ${transport}, and nobody else is disturbed`,
      30_000,
      async ({ nightjar, heard }, stage) => {
        const watching = await RtspPlayer.open(stage, nightjar.url(transport));
        await watching.play();
        const talker = startPython(stage, 'talker.py', [nightjar.url(transport, guard), transport]);
        expect(await nextLine(talker)).toBe('talking');
        const client = await RtspClient.connect(nightjar.url(transport, guard));
        const second = await client.ask('DESCRIBE', client.url, REQUIRE);
        expect([second.status, second.reason]).toEqual([503, 'Somebody else talks to this camera']);
        await eventually(
          async () => {
            const bytes = await readFile(heard(transport));
            expect(bytes.length).toBeGreaterThan(ONE_SECOND);
            expect(bytes.filter((byte) => LOUD.has(byte)).length / bytes.length).toBeGreaterThan(
              0.9,
            );
          },
          { withinMs: 10_000 },
        );
        talker.kill('SIGKILL');
        await eventually(
          async () => expect((await client.ask('DESCRIBE', client.url, REQUIRE)).status).toBe(200),
          { withinMs: 10_000 },
        );
        client.close();
        expect(watching.client.isClosed).toBe(false);
        const metrics = await nightjar.metrics();
        const sum = (name: string, labels = {}): number =>
          metrics.sum(`nightjar_${name}`, { camera: transport, ...labels });
        expect(sum('source_sessions_total')).toBe(1);
        expect(sum('talkers_total', { result: 'accepted' })).toBe(1);
        expect(sum('talkers_total', { result: 'refused' })).toBeGreaterThan(0);
        expect(sum('talk_bytes_total')).toBeGreaterThan(ONE_SECOND);
        expect(sum('talking')).toBe(0);
      },
    );
  }

  withCameras('GStreamer is heard by a simulated camera', 30_000, async (set, stage) => {
    const { nightjar, simulated } = set;
    const talker = startPython(stage, 'talker.py', [nightjar.url('sim', guard), 'tcp']);
    expect(await nextLine(talker)).toBe('talking');
    await eventually(
      async () => {
        const bytes = await simulated.heard('sim');
        expect(bytes.length).toBeGreaterThan(ONE_SECOND);
        expect(bytes.filter((byte) => LOUD.has(byte)).length / bytes.length).toBeGreaterThan(0.9);
      },
      { withinMs: 10_000 },
    );
    talker.kill('SIGKILL');
    expect((await simulated.status('sim')).heard.packets).toBeGreaterThan(40);
  });

  withCameras(
    'a camera without one plays, and says so when asked',
    15_000,
    async ({ nightjar }) => {
      const client = await RtspClient.connect(nightjar.url('mute', guard));
      const refused = await client.ask('DESCRIBE', client.url, REQUIRE);
      expect([refused.status, refused.headers.get('Unsupported')]).toEqual([551, REQUIRE.Require]);
      expect((await client.ask('DESCRIBE', client.url)).status).toBe(200);
      client.close();
    },
  );

  withCameras('who may only watch is refused', 15_000, async ({ nightjar }) => {
    const client = await RtspClient.connect(nightjar.url('tcp'));
    expect((await client.ask('DESCRIBE', client.url, REQUIRE)).status).toBe(403);
    client.close();
  });
});
