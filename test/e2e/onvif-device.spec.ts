import { writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from '@jest/globals';
import {
  parseEnvelope,
  printEnvelope,
  receivedFault,
  xml,
  type XmlElement,
  type XmlNode,
} from '@nightjar/onvif';
import { Appliance } from './support/appliance.js';
import { Cameras } from './support/cameras.js';
import { eventually } from './support/eventually.js';
import { decodedPictures, probeTracks } from './support/ffmpeg.js';
import { gstReplay } from './support/gstreamer.js';
import { recordedCameraAt } from './support/installation.js';
import { canMakeNetworks, NetworkNamespace } from './support/network-namespace.js';
import { checkOnvif, hasSchemas } from './support/onvif-check.js';
import { connectOnvif, type OnvifLogin } from './support/onvif-client.js';
import { runProgram } from './support/program.js';
import { scenario, sharedStage, type Stage } from './support/stage.js';

const ADMIN = { username: 'admin', password: 'sees-everything' };
const GARDENER = { username: 'gardener', password: 'only-the-garden' };
const SEGMENT_SECONDS = 4;
const WITHOUT_SCHEMAS =
  'answers as the schemas of ONVIF have it: `npm run onvif-schemas` fetches them';
/** To nobody, to a wrong password, of no service, of no XML, of XML with entities. */
const REFUSALS = [
  '401 ter:NotAuthorized',
  '401 ter:NotAuthorized',
  '400 ter:UnknownAction',
  '400 ter:WellFormed',
  '400 ter:WellFormed',
];
/** This side of the cable to a neighbour. */
const NEIGHBOUR_SEES = '10.99.0.1';

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

/** Asks one thing by SOAP. Rejects with the subcodes of a fault. */
async function ask(
  url: string,
  body: XmlNode,
  { username, password }: OnvifLogin,
): Promise<XmlElement> {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/soap+xml',
      Authorization: `Basic ${btoa(`${username}:${password}`)}`,
    },
    body: printEnvelope(body),
  });
  const answer = parseEnvelope(Buffer.from(await response.arrayBuffer())).body;
  const fault = receivedFault(answer);
  if (fault !== undefined) throw new Error(`${fault.subcodes.join('/')}: ${fault.reason}`);
  return answer;
}

function printEvent(result: XmlElement): string {
  const item = result.at('Event', 'Message', 'Message', 'Data', 'SimpleItem')?.attributes;
  return `${result.textAt('StartStateEvent')} ${item?.get('Name')}=${item?.get('Value')}`;
}

function withLogin(uri: string, { username, password }: OnvifLogin): string {
  return uri.replace('://', `://${username}:${password}@`);
}

describe('Nightjar as an ONVIF device', () => {
  const withNightjar = sharedStage(90_000, set);

  withNightjar('shows each user its streams, which play', 40_000, async (nightjar) => {
    const admin = await connectOnvif(nightjar.origin, ADMIN);
    expect(admin.media2Support).toBe(true);
    expect(admin.profiles.map(({ $ }: any) => $.token)).toEqual(['front-door.main', 'garden.main']);
    expect((await admin.getUsers()).map(({ userLevel }: any) => userLevel)).toEqual([
      'User',
      'Administrator',
      'User',
    ]);
    const gardener = await connectOnvif(nightjar.origin, GARDENER);
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
    const gardener = await connectOnvif(nightjar.origin, GARDENER);
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

  withNightjar('is a recorder whose footage is found and replayed', 60_000, async (nightjar) => {
    const gardener = await connectOnvif(nightjar.origin, GARDENER);
    const items = await gardener.getRecordings();
    expect(items.recordingToken).toBe('garden.main');
    const jobs = await gardener.getRecordingJobs();
    expect(jobs.jobToken).toBe('job_garden.main');
    const uri = await gardener.getReplayUri({ recordingToken: 'garden.main' });
    const url = withLogin(uri, GARDENER);
    const pictures = await decodedPictures(['-rtsp_transport', 'tcp', '-t', '1', '-i', url]);
    expect(pictures.length).toBeGreaterThan(20);

    const search = (body: XmlNode): Promise<XmlElement> =>
      ask(`${nightjar.origin}/onvif/search_service`, body, GARDENER);
    const summary = await search(xml('tse:GetRecordingSummary'));
    expect(summary.textAt('Summary', 'NumberRecordings')).toBe('1');
    const information = await search(
      xml('tse:GetRecordingInformation', xml('tse:RecordingToken', 'garden.main')),
    );
    const at = (name: string): number =>
      Date.parse(information.textAt('RecordingInformation', name)!);
    const startMs = at('EarliestRecording');
    const stopMs = at('LatestRecording');
    expect(stopMs - startMs).toBeGreaterThan(SEGMENT_SECONDS * 1000);
    // Backwards, as a recorder that speaks ONVIF plays it.
    const { units } = await gstReplay(url, -1, { startMs, stopMs }, ['require', 'key-units']);
    expect(units.length).toBeGreaterThan(1);

    const others = xml('tse:GetRecordingInformation', xml('tse:RecordingToken', 'front-door.main'));
    await expect(search(others)).rejects.toThrow('InvalidArgVal/NoRecording');
    const found = await search(
      xml(
        'tse:FindEvents',
        xml('tse:StartPoint', new Date().toISOString()),
        xml('tse:EndPoint', new Date(startMs - 1000).toISOString()),
        xml('tse:Scope'),
        xml('tse:SearchFilter'),
        xml('tse:IncludeStartState', true),
        xml('tse:KeepAliveTime', 'PT30S'),
      ),
    );
    const results = await search(
      xml('tse:GetEventSearchResults', xml('tse:SearchToken', found.textAt('SearchToken'))),
    );
    expect(results.textAt('ResultList', 'SearchState')).toBe('Completed');
    const events = results.child('ResultList')!.childrenNamed('Result').map(printEvent);
    // The states of now, then what led to them, latest first.
    expect(events).toEqual([
      'true IsRecording=true',
      'true State=true',
      'true State=false',
      'false State=true',
      'false IsRecording=true',
    ]);
  });

  withNightjar('refuses what is no sensible request', 10_000, async ({ origin }) => {
    const url = `${origin}/onvif/device_service`;
    const post = async (body: string, type = 'application/soap+xml'): Promise<string> => {
      const sent = { method: 'POST', body, headers: { 'Content-Type': type } };
      const response = await fetch(url, sent);
      return `${response.status} ${/ter:[A-Za-z]+/.exec(await response.text())?.[0] ?? ''}`;
    };
    const hostname = printEnvelope(xml('tds:GetHostname'));
    const bomb = hostname.replace(/<s:/, '<!DOCTYPE a [<!ENTITY b "c"><!ENTITY d "&b;&b;">]><s:');
    expect((await fetch(url)).status).toBe(405);
    expect(await post(hostname)).toBe('200 ');
    expect(await post(hostname, 'text/plain')).toBe('415 ');
    expect(await post(' '.repeat(70_000))).toBe('413 ');
    expect(await post(bomb)).toBe('400 ter:WellFormed');
    expect(await post(`${'<a>'.repeat(500)}${'</a>'.repeat(500)}`)).toBe('400 ter:WellFormed');
    expect(await post(printEnvelope(xml('tds:SystemReboot')))).toBe('500 ter:ActionNotSupported');
    expect(await post(printEnvelope(xml('tds:GetUsers')))).toBe('401 ter:NotAuthorized');
  });

  if (hasSchemas)
    withNightjar(
      'answers everything as the schemas of ONVIF have it',
      60_000,
      async ({ origin }) => {
        const { answered, found, ...wrong } = await checkOnvif(
          `${origin}/onvif/device_service`,
          ADMIN,
        );
        expect(wrong).toEqual({
          invalid: [],
          untried: [],
          faults: [
            'GetProfile InvalidArgVal/NoProfile',
            'GetOSDs ActionNotSupported',
            'SetRecordingJobMode ActionNotSupported',
            'SetRecordingJobMode ActionNotSupported',
            'EndSearch InvalidArgVal/InvalidToken',
          ],
        });
        expect(answered).toBeGreaterThan(90);
        expect(found).toMatchObject({
          profiles: ['front-door.main', 'garden.main'],
          recordings: ['front-door.main', 'garden.main'],
          footage: ['front-door.main H264 640x360', 'garden.main H264 640x360'],
          refusals: REFUSALS,
        });
      },
    );
  else it.skip(WITHOUT_SCHEMAS, () => undefined);

  withNightjar(
    'names itself as it was reached, or as the configuration allows',
    10_000,
    async ({ origin }) => {
      const named = async (host: string): Promise<string> => {
        const asking = request(`${origin}/onvif/device_service`, {
          method: 'POST',
          headers: { Host: host, 'Content-Type': 'application/soap+xml' },
        });
        asking.end(printEnvelope(xml('tds:GetServices')));
        const [response] = (await once(asking, 'response')) as [IncomingMessage];
        return text(response);
      };
      const { host } = new URL(origin);
      expect(await named('evil.example')).toContain(
        `<tds:XAddr>http://${host}/onvif/device_service<`,
      );
      expect(await named('nvr.example:81')).toContain(
        '<tds:XAddr>http://nvr.example:81/onvif/media',
      );
    },
  );
});

(canMakeNetworks ? describe : describe.skip)('cameras on a network', () => {
  scenario(
    'are found by libonvif, which logs in by token and asks the old services',
    30_000,
    async (stage) => {
      const network = await NetworkNamespace.enter(stage);
      const { command } = await network.neighbour(stage);
      const there = async (...program: string[]): Promise<string> => {
        const [first, ...args] = [...command, ...program];
        return (await runProgram(first, args)).stdout;
      };
      // It asks on the interface that has a route to everywhere.
      await there('ip', 'route', 'add', 'default', 'via', NEIGHBOUR_SEES);
      const args = ['--listen', `${NEIGHBOUR_SEES}:0`, '--onvif', '0', '--discovery', 'cable'];
      const env = { CAMSIM_USERNAME: ADMIN.username, CAMSIM_PASSWORD: ADMIN.password };
      const camsim = stage.start('camsim', [...args, '--camera', 'door=front-door'], env);
      const { cameras } = await camsim.ready<{ cameras: Record<string, string> }>();
      // It waits for half a second, which is not always enough on a machine that has much to do.
      const ask = async (args: string, commands: string, answered: string): Promise<string> =>
        await eventually(
          async () => {
            const said = await there('sh', '-c', `printf '${commands}' | onvif-util ${args}`);
            expect(said).toContain(answered);
            return said;
          },
          { withinMs: 15_000 },
        );
      await ask('-a', '', 'door camsim');
      const login = `-u ${ADMIN.username} -p ${ADMIN.password} ${NEIGHBOUR_SEES}`;
      const found = `found host: ${NEIGHBOUR_SEES}`;
      const said = await ask(login, 'get rtsp\\nget video\\nquit\\n', found);
      expect(said).toContain(cameras['door']);
      expect(said).toContain('Resolution: 640 x 360');
      const wrong = await ask(login.replace(ADMIN.password, 'guess'), 'quit\\n', found);
      expect(wrong).not.toContain('successfully connected');
    },
  );
});

describe('a simulated camera', () => {
  if (hasSchemas)
    scenario('answers everything as the schemas of ONVIF have it', 30_000, async (stage) => {
      const personality = JSON.stringify({ ptz: true, sub: 'sub' });
      const args = ['--onvif', '0', '--personality', `main=${personality}`];
      const login = { CAMSIM_USERNAME: ADMIN.username, CAMSIM_PASSWORD: ADMIN.password };
      const cameras = await Cameras.start(stage, { main: 'front-door', sub: 'gate' }, args, login);
      const { answered, found, ...wrong } = await checkOnvif(
        cameras.onvifUrl('main'),
        ADMIN,
        'set',
      );
      expect(wrong).toEqual({
        invalid: [],
        untried: [],
        faults: [
          'GetNetworkInterfaces ActionNotSupported',
          'GetProfile InvalidArgVal/NoProfile',
          'GetOSDs ActionNotSupported',
          'AbsoluteMove InvalidArgVal/InvalidPosition',
          'GetImagingSettings InvalidArgVal/NoSource',
        ],
      });
      expect(answered).toBeGreaterThan(80);
      expect(found).toMatchObject({ refusals: REFUSALS });
    });
  else it.skip(WITHOUT_SCHEMAS, () => undefined);
});
