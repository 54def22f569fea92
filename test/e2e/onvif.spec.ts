import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect } from '@jest/globals';
import {
  makeUsernameToken,
  parseEnvelope,
  printEnvelope,
  xml,
  type XmlNode,
} from '@nightjar/onvif';
import { Appliance } from './support/appliance.js';
import { eventually } from './support/eventually.js';
import { canMakeMachines, NetworkNamespace, type Neighbour } from './support/network-namespace.js';
import { runProgram } from './support/program.js';
import { scenario, type Stage } from './support/stage.js';

const LIMIT_MS = 150_000;
const CAMERA = { username: 'installer', password: 'under-the-roof' };
const ADMIN = { username: 'boss', password: 'all-day-long' };
const PRE_ROLL_MS = 3_000;
/** Each machine has its own. */
const RTSP_PORT = 554;

/** What there is of the network besides Nightjar: one machine, at the other end of a cable. */
class Elsewhere {
  constructor(
    private readonly stage: Stage,
    private readonly neighbour: Neighbour,
  ) {}

  async run(...command: string[]): Promise<void> {
    const [program, ...args] = [...this.neighbour.command, ...command];
    const { code, stderr } = await runProgram(program, args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  }

  /** Plugs a camera in, at this address and no other. */
  async camera(
    host: string,
  ): Promise<{ motion(on: boolean): Promise<void>; leave(): Promise<unknown> }> {
    await this.run('ip', '-4', 'address', 'flush', 'dev', 'eth0');
    await this.run('ip', 'address', 'add', `${host}/24`, 'dev', 'eth0');
    const rtsp = ['--listen', `${host}:${RTSP_PORT}`, '--control', '127.0.0.1:0', '--own-ports'];
    const onvif = ['--camera', 'yard=garden', '--onvif', '80', '--discovery', 'eth0'];
    const personality = 'yard={"serial":"SN-77","topics":"cell","ptz":true,"clockSkew":-7200}';
    const args = [...rtsp, ...onvif, '--personality', personality];
    const env = { CAMSIM_USERNAME: CAMERA.username, CAMSIM_PASSWORD: CAMERA.password };
    const camsim = this.stage.start('camsim', args, env, this.neighbour.command);
    const { control } = await camsim.ready<{ control: string }>();
    return {
      motion: (on) =>
        this.run(
          'curl',
          '-fs',
          '-d',
          JSON.stringify({ motion: on }),
          `${control}/cameras/yard/events`,
          '-o',
          '/dev/null',
        ),
      leave: () => camsim.stop(),
    };
  }
}

const WHERE = canMakeMachines ? '' : ' (left out: it takes root and network namespaces)';

(canMakeMachines ? describe : describe.skip)(`a camera that is plugged in${WHERE}`, () => {
  scenario(
    'is found, adopted, recorded on motion, followed, and found again by ONVIF',
    LIMIT_MS,
    async (stage) => {
      const network = await NetworkNamespace.enter(stage);
      const elsewhere = new Elsewhere(stage, await network.neighbour(stage));
      await writeFile(path.join(stage.directory, 'boss'), ADMIN.password);
      const credentials = path.join(stage.directory, 'camera-login');
      await writeFile(credentials, `${CAMERA.username}:${CAMERA.password}\n`);
      const appliance = await Appliance.start(stage, {
        cameras: {},
        users: { [ADMIN.username]: { passwordFile: 'boss', role: 'admin' } },
        discovery: { interval: '1m' },
      });
      const ask = async <T>(target: string, method = 'GET'): Promise<T> => {
        const response = await appliance.fetch(`/api/v1${target}`, { method }, ADMIN);
        expect(response.status).toBe(200);
        return (await response.json()) as T;
      };

      let camera = await elsewhere.camera('10.99.0.2');
      const device = await eventually(
        async () => {
          const { devices } = await ask<{ devices: { id: number; status: string }[] }>(
            '/discovery/devices',
          );
          expect(devices).toMatchObject([{ status: 'new', addresses: ['10.99.0.2'] }]);
          return devices[0]!;
        },
        { withinMs: 10_000 },
      );
      const refusals = await Promise.all([
        appliance.fetch('/api/v1/discovery/devices'),
        appliance.fetch('/api/v1/discovery/probe', { method: 'POST' }),
        appliance.fetch('/api/v1/discovery/devices/999', {}, ADMIN),
        appliance.fetch('/api/v1/discovery/devices/x', {}, ADMIN),
        appliance.fetch(
          `/api/v1/discovery/devices/${device.id}/adopt`,
          {
            method: 'POST',
            headers: { 'content-type': 'application/json' },
            body: '{"name":"yard","username":"installer","password":"wrong"}',
          },
          ADMIN,
        ),
      ]);
      expect(refusals.map(({ status }) => status)).toEqual([403, 403, 404, 400, 400]);
      expect(await refusals[4].json()).toMatchObject({
        error: { code: 'discovery/login', message: 'the device refused the login' },
      });

      const adopt = [
        'adopt',
        String(device.id),
        '--name',
        'yard',
        '--credentials-file',
        credentials,
      ];
      const adopted = await appliance.cli([...adopt, '--managed', '--follow', '--record', 'event']);
      expect(adopted).toMatchObject({ code: 0, stderr: '' });
      await eventually(
        async () =>
          expect(await ask('/cameras')).toMatchObject([{ name: 'yard', origin: 'managed' }]),
        { withinMs: 10_000 },
      );

      const isHeard = async (): Promise<void> =>
        expect(
          (await appliance.metrics()).sum('nightjar_camera_events_heard', { camera: 'yard' }),
        ).toBe(1);
      const hasPreRoll = async (): Promise<void> =>
        expect(
          (await appliance.metrics()).sum('nightjar_rtp_packets_total', { camera: 'yard' }),
        ).toBeGreaterThan((PRE_ROLL_MS / 1_000) * 25);
      await eventually(isHeard, { withinMs: 20_000 });
      await eventually(hasPreRoll, { withinMs: 20_000 });
      await camera.motion(true);
      await eventually(
        async () => expect(await appliance.recordedSeconds('yard')).toBeGreaterThan(1),
        {
          withinMs: 20_000,
        },
      );
      const now = new Date().toISOString();
      const since = new Date(Date.now() - 600_000).toISOString();
      const { events } = await ask<{ events: { type: string; source: string; start: string }[] }>(
        `/cameras/yard/events?start=${since}&end=${now}&type=motion`,
      );
      expect(events).toMatchObject([{ type: 'motion', source: 'onvif', end: null }]);

      const move = { action: 'move', pan: 0.5, for: '500ms' };
      const headers = { 'content-type': 'application/json' };
      const moved = await appliance.fetch(
        '/api/v1/cameras/yard/ptz',
        { method: 'POST', headers, body: JSON.stringify(move) },
        ADMIN,
      );
      expect(moved.status).toBe(204);
      expect(await appliance.cli(['ptz', 'yard', 'stop'])).toMatchObject({ code: 0 });
      const picture = await appliance.fetch('/api/v1/cameras/yard/onvif-snapshot.jpg', {}, ADMIN);
      expect([picture.status, picture.headers.get('content-type')]).toEqual([200, 'image/jpeg']);
      // Who watches by right of nobody does not move anything.
      const refused = await appliance.fetch('/api/v1/cameras/yard/ptz', {
        method: 'POST',
        headers,
        body: JSON.stringify(move),
      });
      expect(refused.status).toBe(403);

      await camera.leave();
      camera = await elsewhere.camera('10.99.0.3');
      const before = await appliance.recordedSeconds('yard');
      await eventually(isHeard, { withinMs: 30_000 });
      await camera.motion(true);
      await eventually(
        async () => expect(await appliance.recordedSeconds('yard')).toBeGreaterThan(before + 2),
        { withinMs: 30_000 },
      );
      expect(await ask(`/discovery/devices/${device.id}`)).toMatchObject({
        status: 'changed',
        camera: 'yard',
        changes: [{ what: 'address', before: '10.99.0.2', after: '10.99.0.3' }],
      });

      const uri = await eventually(() => findFootage(appliance.origin, events[0]!.start), {
        withinMs: 60_000,
        everyMs: 1_000,
      });
      const url = new URL(uri);
      url.username = ADMIN.username;
      url.password = ADMIN.password;
      const probe = ['-v', 'error', '-rtsp_transport', 'tcp', '-read_intervals', '%+1'];
      const show = ['-show_entries', 'stream=codec_name', '-of', 'csv=p=0'];
      const played = await stage.run('ffprobe', [...probe, ...show, url.href]);
      expect(played.stdout).toContain('h264');
    },
  );
});

/** Asks our own ONVIF face for recordings, as a client of Profile G does. @returns where the footage is played */
async function findFootage(origin: string, motionAt: string): Promise<string> {
  const call = async (service: string, request: XmlNode) => {
    const token = makeUsernameToken({ ...ADMIN, createdMs: Date.now() });
    const response = await fetch(`${origin}/onvif/${service}`, {
      method: 'POST',
      headers: { 'content-type': 'application/soap+xml' },
      body: printEnvelope(request, [token]),
    });
    return parseEnvelope(Buffer.from(await response.arrayBuffer())).body;
  };
  const { token } = await searchToken(call);
  const results = await call(
    'search_service',
    xml(
      'tse:GetRecordingSearchResults',
      xml('tse:SearchToken', token),
      xml('tse:WaitTime', 'PT5S'),
    ),
  );
  const recording = results.at('ResultList', 'RecordingInformation');
  const earliest = recording?.textAt('EarliestRecording') ?? '';
  // The footage begins before the motion did.
  expect(Date.parse(motionAt) - Date.parse(earliest)).toBeGreaterThan(PRE_ROLL_MS / 2);
  const replay = await call(
    'replay_service',
    xml(
      'trp:GetReplayUri',
      xml(
        'trp:StreamSetup',
        xml('tt:Stream', 'RTP-Unicast'),
        xml('tt:Transport', xml('tt:Protocol', 'RTSP')),
      ),
      xml('trp:RecordingToken', recording?.textAt('RecordingToken') ?? ''),
    ),
  );
  const uri = replay.textAt('Uri') ?? '';
  expect(uri).toMatch(/^rtsp:.*\/playback\/yard/);
  return uri;
}

async function searchToken(
  call: (
    service: string,
    request: XmlNode,
  ) => Promise<{ textAt(name: string): string | undefined }>,
): Promise<{ token: string }> {
  const found = await call(
    'search_service',
    xml('tse:FindRecordings', xml('tse:Scope'), xml('tse:KeepAliveTime', 'PT30S')),
  );
  const token = found.textAt('SearchToken');
  expect(token).toBeDefined();
  return { token: token ?? '' };
}
