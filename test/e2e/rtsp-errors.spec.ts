import { describe, expect } from '@jest/globals';
import { writeFile } from 'node:fs/promises';
import { Cameras } from './support/cameras.js';
import { eventually, within } from './support/eventually.js';
import { segmentFiles } from './support/footage.js';
import { Installation, LOGIN, recordedCameraAt } from './support/installation.js';
import { RtspClient } from './support/rtsp-client.js';
import { RtspPlayer } from './support/rtsp-player.js';
import { sharedStage, type Stage } from './support/stage.js';

interface Watched {
  readonly nightjar: Installation;
  readonly cameras: Cameras;
  /** Plays from beginning to end of these tests. */
  readonly bystander: RtspPlayer;
}

const FIRST_CAMERA = 'front-door';
const SECOND_CAMERA = 'garden';

async function startWatched(stage: Stage): Promise<Watched> {
  const cameras = await Cameras.start(stage, {
    [FIRST_CAMERA]: FIRST_CAMERA,
    [SECOND_CAMERA]: SECOND_CAMERA,
  });
  const nightjar = await Installation.create(stage, {
    cameras: { [FIRST_CAMERA]: recordedCameraAt(cameras.url(FIRST_CAMERA)) },
  });
  await nightjar.startMedia();
  const bystander = await RtspPlayer.open(stage, nightjar.url(FIRST_CAMERA));
  await bystander.play();
  return { nightjar, cameras, bystander };
}

/** The one who watches has lost nothing and goes on to get pictures, on one camera session. */
async function expectUndisturbed({ bystander, cameras }: Watched): Promise<void> {
  const before = bystander.video.packets;
  await eventually(() => expect(bystander.video.packets).toBeGreaterThan(before), {
    withinMs: 2_000,
  });
  expect({ closed: bystander.client.isClosed, lost: bystander.video.lost }).toEqual({
    closed: false,
    lost: 0,
  });
  expect((await cameras.status(FIRST_CAMERA)).totalSessions).toBe(1);
}

/** Recording of the first camera goes on, in one unbroken run. */
async function expectRecording(nightjar: Installation): Promise<void> {
  const before = await nightjar.recordedSeconds(FIRST_CAMERA);
  await eventually(
    async () => expect(await nightjar.recordedSeconds(FIRST_CAMERA)).toBeGreaterThan(before),
    { withinMs: 5_000 },
  );
  const files = await segmentFiles(nightjar.volume, FIRST_CAMERA);
  expect(new Set(files.map(({ run }) => run)).size).toBe(1);
}

describe('a client that errs', () => {
  const withWatched = sharedStage(20_000, startWatched);

  const errs = (
    name: string,
    ask: (client: RtspClient, url: string) => Promise<{ readonly status: number }>,
    status: number,
    login = LOGIN,
  ): void =>
    withWatched(name, 15_000, async (watched, stage) => {
      const client = await RtspClient.connect(watched.nightjar.url(FIRST_CAMERA, login));
      stage.defer(() => Promise.resolve(client.close()));
      expect((await ask(client, client.url)).status).toBe(status);
      await expectUndisturbed(watched);
    });

  errs('gets 401 for a wrong password', (client, url) => client.ask('DESCRIBE', url), 401, {
    ...LOGIN,
    password: 'guess',
  });
  errs('gets 401 for an unknown user', (client, url) => client.ask('DESCRIBE', url), 401, {
    ...LOGIN,
    username: 'nobody',
  });
  errs(
    'gets 401 for an unknown path as long as it has no login',
    (client, url) => client.askRaw(`DESCRIBE ${url}x RTSP/1.0\r\nCSeq: 1\r\n\r\n`),
    401,
  );
  errs('gets 404 for an unknown path', (client, url) => client.ask('DESCRIBE', `${url}-too`), 404);
  errs(
    'gets 404 for an unknown stream',
    (client, url) => client.ask('DESCRIBE', `${url}/sub`),
    404,
  );
  errs(
    'gets 454 for an unknown session',
    (client, url) => client.ask('PLAY', url, { Session: 'abcdef0123456789' }),
    454,
  );
  errs('gets 501 for an unknown method', (client, url) => client.ask('REWIND', url), 501);
  errs(
    'gets 400 for a request without CSeq',
    (client, url) => client.askRaw(`OPTIONS ${url} RTSP/1.0\r\n\r\n`),
    400,
  );

  const isCutOff = (name: string, bytes: (url: string) => string | Buffer, status: number): void =>
    withWatched(name, 15_000, async (watched, stage) => {
      const client = await RtspClient.connect(watched.nightjar.url(FIRST_CAMERA));
      stage.defer(() => Promise.resolve(client.close()));
      expect((await client.askRaw(bytes(client.url))).status).toBe(status);
      await within(5_000, 'closing', client.closed);
      await expectUndisturbed(watched);
    });

  isCutOff('gets 400 and is cut off for what is no request', () => 'once upon a time\r\n\r\n', 400);
  isCutOff(
    'gets 400 and is cut off for binary noise',
    () => Buffer.from([0xff, 0x00, 0x17, 0x80, 0x0d, 0x0a]),
    400,
  );
  isCutOff(
    'gets 400 and is cut off for a header of 100 kB',
    (url) => `OPTIONS ${url} RTSP/1.0\r\nCSeq: 1\r\nX-Long: ${'x'.repeat(100_000)}\r\n\r\n`,
    400,
  );
  isCutOff(
    'gets 414 and is cut off for a URI of 100 kB',
    (url) => `OPTIONS ${url}/${'x'.repeat(100_000)} RTSP/1.0\r\nCSeq: 1\r\n\r\n`,
    414,
  );
});

describe('a configuration', () => {
  const withWatched = sharedStage(20_000, startWatched);

  withWatched(
    'with an unknown key is told by `nightjar check`, with file, line and the key that was meant',
    15_000,
    async ({ nightjar, cameras }, stage) => {
      const file = `${stage.directory}/mistaken.yaml`;
      await writeFile(
        file,
        [
          'version: 1',
          'cameras:',
          '  front-door:',
          `    streams: { main: { url: '${cameras.url(FIRST_CAMERA)}' } }`,
          '    retension: { maxAge: 30d }',
          '',
        ].join('\n'),
      );
      const { code, stdout, stderr } = await nightjar.cli(['check', file]);
      expect(code).toBe(1);
      expect(stdout).toBe('');
      expect(stderr).toMatch(/mistaken\.yaml:5:\d+/);
      expect(stderr).toContain('retension');
      expect(stderr).toContain('retention');
      const good = await nightjar.cli(['check', nightjar.configFile]);
      expect({ code: good.code, stderr: good.stderr }).toEqual({ code: 0, stderr: '' });
    },
  );

  withWatched(
    'that adds and removes a camera leaves the reader and the recording of another alone',
    40_000,
    async (watched, stage) => {
      const { nightjar, cameras } = watched;
      const first = recordedCameraAt(cameras.url(FIRST_CAMERA));
      const second = recordedCameraAt(cameras.url(SECOND_CAMERA));
      await expectRecording(nightjar);
      await nightjar.setCameras({ [FIRST_CAMERA]: first, [SECOND_CAMERA]: second });
      const player = await eventually(() => RtspPlayer.open(stage, nightjar.url(SECOND_CAMERA)), {
        withinMs: 5_000,
      });
      await player.play();
      await eventually(() => expect(player.video.firstKeyframe).toBeDefined(), { withinMs: 5_000 });
      await eventually(
        async () => expect(await nightjar.recordedSeconds(SECOND_CAMERA)).toBeGreaterThan(0),
        { withinMs: 10_000 },
      );
      await nightjar.setCameras({ [FIRST_CAMERA]: first });
      await within(5_000, 'the reader of the removed camera being sent away', player.client.closed);
      await eventually(async () => expect((await cameras.status(SECOND_CAMERA)).sessions).toBe(0), {
        withinMs: 5_000,
      });
      await expectRecording(nightjar);
      await expectUndisturbed(watched);
    },
  );

  withWatched(
    'that is invalid changes nothing, and the next valid one is applied',
    30_000,
    async (watched, stage) => {
      const { nightjar, cameras } = watched;
      await nightjar.writeText(
        'version: 1\ncameras: { other: { streams: { main: { url: nonsense } } } }\n',
      );
      await eventually(() => expect(stage.log('media')).toContain('invalid configuration'), {
        withinMs: 5_000,
      });
      await expectRecording(nightjar);
      await expectUndisturbed(watched);
      const second = recordedCameraAt(cameras.url(SECOND_CAMERA));
      await nightjar.setCameras({
        [FIRST_CAMERA]: recordedCameraAt(cameras.url(FIRST_CAMERA)),
        [SECOND_CAMERA]: second,
      });
      await eventually(async () => expect((await cameras.status(SECOND_CAMERA)).sessions).toBe(1), {
        withinMs: 5_000,
      });
      await expectUndisturbed(watched);
    },
  );
});
