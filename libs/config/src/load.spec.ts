import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { printIssue } from './issue.js';
import { loadConfig, parseConfig } from './load.js';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'nightjar-config-'));
});

afterAll(() => rm(folder, { recursive: true }));

const parse = (text: string, environment = {}) =>
  parseConfig(text, path.join(folder, 'nightjar.yaml'), environment);

const EVENT_DEFAULTS = {
  types: undefined,
  preRollMs: 5_000,
  preRollBytes: 2 ** 25,
  postRollMs: 15_000,
  maxLengthMs: 600_000,
  whenUnheard: 'record',
};

const QUIRKS = {
  teardown: 'always',
  keepAlive: 'auto',
  sessionId: 'first',
  unknownSsrc: 'lasting',
  unassignedChannel: 'drop',
  senderReports: 'own',
  receiverReports: 'send',
  goodbye: 'believe',
  authentication: 'strongest',
  controlBase: 'given',
  controlUrl: 'append',
  direction: 'onvif',
  playRange: 'auto',
  earlyMedia: 'take',
  marker: 'believe',
  pictureTimes: 'camera',
  parameterSets: 'sdp',
  aacClock: 'config',
  aacHeaders: 'auto',
  g726Packing: 'named',
  pcmOrder: 'named',
};

describe('a valid configuration', () => {
  it('has every default', async () => {
    const { config, warnings } = await parse('version: 1');
    expect(warnings).toEqual([]);
    const dataDir = path.resolve('nightjar-data');
    expect(config).toEqual({
      version: 1,
      dataDir,
      rtsp: {
        host: '0.0.0.0',
        port: 8554,
        udp: true,
        udpPort: 0,
        udpBurstBytes: 48 * 2 ** 10,
        udpBurstIntervalMs: 5,
        sessionTimeoutMs: 60_000,
        srtp: true,
        multicast: {
          enabled: false,
          range: '239.192.0.0/16',
          firstPort: 20_000,
          lastPort: 29_999,
          ttl: 1,
          interface: undefined,
        },
        tls: undefined,
        webSocketOrigins: [],
        closeAfterMs: 10_000,
        maxReaderQueueBytes: 4 * 2 ** 20,
        startTimeoutMs: 10_000,
      },
      relay: { gopCacheBytes: 256 * 2 ** 20 },
      http: {
        host: '0.0.0.0',
        port: 8080,
        trustedProxies: undefined,
        rtspServer: { host: '127.0.0.1', port: 8554 },
      },
      onvif: {
        enabled: true,
        name: 'Nightjar',
        location: undefined,
        hosts: [],
        discovery: { enabled: false, interfaces: undefined },
      },
      operations: { host: '127.0.0.1', port: 9464 },
      volumes: {
        main: {
          path: path.join(dataDir, 'volumes', 'main'),
          minFreeBytes: 1e9,
          maxBytes: undefined,
          ages: { maxAgeMs: undefined, minAgeMs: undefined, eventMaxAgeMs: undefined },
          state: 'active',
          adopt: 'empty',
        },
      },
      media: { processes: 'auto' },
      files: { root: undefined, maxOpen: 256 },
      recording: {
        segmentMs: 60_000,
        fragmentMs: 1_000,
        sync: 'fragment',
        queueBytes: 2 ** 24,
        placement: 'order',
        whenFull: 'stop-lowest-priority',
      },
      database: { url: undefined },
      queue: { backend: 'postgres', url: undefined, ca: undefined },
      retention: { intervalMs: 60_000, maxShare: 0.25 },
      events: { file: undefined, maxAgeMs: 365 * 86_400_000 },
      discovery: {
        mode: 'multicast',
        intervalMs: 300_000,
        interfaces: undefined,
        hosts: [],
        hostsPerSecond: 50,
      },
      integrity: { intervalMs: 30 * 86_400_000, maxBytesPerSecond: 2e7, checkpoints: true },
      exports: {
        directory: path.join(dataDir, 'exports'),
        maxAgeMs: 7 * 86_400_000,
        maxBytes: 50e9,
      },
      pictures: { ffmpeg: ['ffmpeg'] },
      groups: {},
      schedules: {},
      users: {},
      access: {
        allowFrom: undefined,
        logins: { tries: 10, windowMs: 600_000 },
        signedUrls: { maxAgeMs: 7 * 86_400_000 },
        auditMaxAgeMs: 365 * 86_400_000,
      },
      limits: {
        connections: 10_000,
        connectionsPerAddress: 2_000,
        silentConnections: 1_024,
        silentTimeoutMs: 10_000,
        requestsPerSecond: 100,
        requestsPerSecondPerAddress: 2_000,
        httpRequestsPerSecond: 200,
        httpConnections: 4096,
        httpConnectionsPerAddress: 512,
        readersPerStream: 2_000,
        readerBytesPerSecond: undefined,
        streamBytesPerSecond: undefined,
        publishers: 64,
        cameraConnections: 4_096,
        startingCameras: 16,
        memoryBytes: undefined,
        cpu: 0.98,
      },
      cameras: {},
      log: { level: 'info', format: 'auto' },
    });
  });

  it('reads the camera of the architecture page, its secret relative to the file', async () => {
    await writeFile(path.join(folder, 'front-door'), 'hunter2\n');
    const { config, warnings } = await parse(`
version: 1
cameras:
  front-door:
    streams:
      main: { url: rtsp://192.168.1.100:554/stream1 }
      sub:  { url: rtsp://192.168.1.100:554/stream2, transport: udp }
    credentials: { username: admin, passwordFile: front-door }
    record: { stream: main, mode: continuous }
    retention: { maxAge: 30d, maxBytes: 500GB }
`);
    expect(warnings).toEqual([]);
    expect(config.cameras['front-door']).toEqual({
      name: 'front-door',
      streams: {
        main: {
          source: 'pull',
          url: 'rtsp://192.168.1.100:554/stream1',
          transport: 'auto',
          backchannel: false,
          quirks: QUIRKS,
          credentials: { username: 'admin', password: 'hunter2' },
        },
        sub: {
          source: 'pull',
          url: 'rtsp://192.168.1.100:554/stream2',
          transport: 'udp',
          backchannel: false,
          quirks: QUIRKS,
          credentials: { username: 'admin', password: 'hunter2' },
        },
      },
      credentials: { username: 'admin', password: 'hunter2' },
      redirectHosts: [],
      group: undefined,
      volumes: undefined,
      whenOffline: {
        main: { strategy: 'hold', fallback: undefined, afterMs: 2_000 },
        sub: { strategy: 'hold', fallback: undefined, afterMs: 2_000 },
      },
      priority: 50,
      record: [{ stream: 'main', mode: 'continuous', schedule: undefined, event: EVENT_DEFAULTS }],
      retention: {
        maxAgeMs: 30 * 86_400_000,
        maxBytes: 5e11,
        minAgeMs: undefined,
        events: undefined,
      },
      reconnect: {
        initialMs: 1_000,
        maxMs: 3_000,
        tries: undefined,
        unauthorized: { tries: 3, pauseMs: 60_000, afterwardsMs: undefined },
      },
      inactivityMs: 5_000,
    });
  });

  it('expands the shorthands', async () => {
    const { config } = await parse(`
version: 1
cameras:
  a: { streams: { main: rtsp://a/ }, record: continuous }
  b: { streams: { main: rtsp://b/ }, record: off }
  c: { streams: { main: rtsp://c/ }, record: { } }
  d: { streams: { main: rtsp://d/ } }
  e: { streams: { main: rtsp://e/, sub: rtsp://e/2 }, record: [{ mode: event }, { stream: sub }] }
`);
    const rest = { schedule: undefined, event: EVENT_DEFAULTS };
    expect(Object.values(config.cameras).map(({ record }) => record)).toEqual([
      [{ stream: 'main', mode: 'continuous', ...rest }],
      [{ stream: 'main', mode: 'off', ...rest }],
      [{ stream: 'main', mode: 'continuous', ...rest }],
      [],
      [
        { stream: 'main', mode: 'event', ...rest },
        { stream: 'sub', mode: 'continuous', ...rest },
      ],
    ]);
    expect(config.cameras['a']?.streams).toEqual({
      main: {
        source: 'pull',
        url: 'rtsp://a/',
        transport: 'auto',
        backchannel: false,
        quirks: QUIRKS,
        credentials: undefined,
      },
    });
  });

  it('reads streams that are published, beside others', async () => {
    const { config } = await parse(`
version: 1
cameras:
  drone:
    streams:
      main: { source: publish }
      sub: { source: publish, secondPublisher: replace }
      spare: rtsp://u:p@a/
`);
    expect(config.cameras['drone']?.streams).toEqual({
      main: { source: 'publish', secondPublisher: 'refuse' },
      sub: { source: 'publish', secondPublisher: 'replace' },
      spare: expect.objectContaining({ source: 'pull', url: 'rtsp://a/' }),
    });
  });

  it('reads schedules, groups and what cameras take from them', async () => {
    const { config } = await parse(`
version: 1
schedules:
  office:
    timeZone: Europe/Berlin
    weekly: [{ days: [mon, fri], from: "08:30", to: "18:00" }, { from: "22:00", to: "06:00" }]
    exceptions: [{ date: 2026-12-24, until: 2026-12-26, hold: never }, { date: 2026-12-31, hold: all-day }]
groups:
  outdoor: { retention: { maxAge: 7d, minAge: 1d, events: { maxAge: 30d, types: [motion] } } }
cameras:
  a: { streams: { main: rtsp://a/ }, group: outdoor, record: { mode: schedule, schedule: office } }
`);
    expect(config.schedules['office']).toEqual({
      timeZone: 'Europe/Berlin',
      weekly: [
        { days: [1, 5], fromMinutes: 510, toMinutes: 1080 },
        { days: [1, 2, 3, 4, 5, 6, 7], fromMinutes: 1320, toMinutes: 360 },
      ],
      exceptions: [
        { firstDate: '2026-12-24', lastDate: '2026-12-26', hold: [] },
        {
          firstDate: '2026-12-31',
          lastDate: '2026-12-31',
          hold: [{ fromMinutes: 0, toMinutes: 1440 }],
        },
      ],
    });
    expect(config.groups['outdoor']?.retention).toEqual({
      maxAgeMs: 7 * 86_400_000,
      maxBytes: undefined,
      minAgeMs: 86_400_000,
      events: { maxAgeMs: 30 * 86_400_000, types: ['motion'] },
    });
    expect(config.cameras['a']).toMatchObject({
      group: 'outdoor',
      record: [{ mode: 'schedule', schedule: 'office' }],
    });
  });

  it('may be JSON, with tabs and escapes', async () => {
    const { config } = await parse(
      '{\r\n\t"version": 1,\r\n\t"cameras": {"a": {"streams": {"main": "rtsp:\\/\\/a\\/\\u0031"}}}\r\n}',
    );
    expect(config.cameras['a']?.streams['main']).toMatchObject({ url: 'rtsp://a/1' });
  });

  it('may share parts through anchors and merge keys', async () => {
    const { config } = await parse(`
version: 1
cameras:
  a: &common
    streams: { main: rtsp://a/ }
    retention: { maxAge: 1d }
  b:
    <<: *common
    streams: { main: rtsp://b/ }
`);
    expect(config.cameras['b']).toMatchObject({
      streams: { main: { url: 'rtsp://b/' } },
      retention: { maxAgeMs: 86_400_000 },
    });
  });

  it('answers no name that was not declared', async () => {
    const { config } = await parse('version: 1');
    const names = ['constructor', 'toString', '__proto__'];
    expect(names.map((name) => config.cameras[name] ?? config.users[name])).toEqual(
      names.map(() => undefined),
    );
  });

  it('may have a camera called constructor', async () => {
    const { config } = await parse(
      'version: 1\ncameras: { constructor: { streams: { main: rtsp://a/ } } }',
    );
    expect(config.cameras['constructor']?.name).toBe('constructor');
  });
});

describe('the logins of a camera', () => {
  const loginsOf = async (streams: string, camera = ''): Promise<unknown> => {
    const { config } = await parse(
      `version: 1\ncameras:\n  a:\n    streams: { ${streams} }\n${camera}`,
      { ONE: '1', TWO: '2' },
    );
    const { main, sub } = config.cameras['a']!.streams;
    return [main, sub].map((stream) =>
      stream?.source === 'pull' ? Object.values(stream.credentials ?? {}) : [],
    );
  };
  const camera = '    credentials: { username: u, passwordEnv: ONE }';

  it.each([
    ["the camera's for all", 'main: rtsp://a/, sub: rtsp://a/2', camera, ['u', '1'], ['u', '1']],
    [
      "a stream's before the camera's",
      'main: rtsp://a/, sub: { url: rtsp://a/2, credentials: { username: v, passwordEnv: TWO } }',
      camera,
      ['u', '1'],
      ['v', '2'],
    ],
    ['each URL its own', 'main: rtsp://u:1@a/, sub: rtsp://v:2@a/2', '', ['u', '1'], ['v', '2']],
    ['the first URL for all', 'main: rtsp://a/, sub: rtsp://v:2@a/2', '', ['v', '2'], ['v', '2']],
  ])('are %s', async (_, streams, of, ...logins) => {
    expect(await loginsOf(streams, of)).toEqual(logins);
  });
});

it('warns of cameras that are recorded and have no volume for it', async () => {
  const volumes = '{ old: { path: /o, state: draining }, new: { path: /n } }';
  const camera = (more: string): string => `{ streams: { main: "rtsp://a/" }, ${more} }`;
  const { warnings } = await parse(`
version: 1
volumes: ${volumes}
cameras:
  a: ${camera('record: continuous, volumes: [old]')}
  b: ${camera('record: { mode: event }, volumes: [old, new]')}
  c: ${camera('record: [{ mode: off }], volumes: [old]')}
  d: ${camera('volumes: [old]')}
  e: ${camera('record: continuous')}
`);
  expect(warnings.map(({ message, path }) => [path, message])).toEqual([
    ['cameras.a.volumes', 'nothing is recorded: no volume for it is active'],
  ]);
  const none = await parse(
    `version: 1\nvolumes: { a: { path: /a, state: read-only } }\ncameras: { e: ${camera('record: continuous')} }`,
  );
  expect(none.warnings[0]?.path).toBe('cameras.e.record');
});

describe('user and password in a camera URL', () => {
  it('move to the credentials with a warning that does not show them', async () => {
    const { config, warnings } = await parse(
      'version: 1\ncameras:\n  a:\n    streams:\n      main: rtsp://ad%40min:p%C3%A4ss%@cam:554/1?x=a@b\n',
    );
    expect(config.cameras['a']).toMatchObject({
      streams: { main: { url: 'rtsp://cam:554/1?x=a@b' } },
      credentials: { username: 'ad@min', password: 'p%C3%A4ss%' },
    });
    expect(warnings.map(printIssue)).toEqual([
      `${folder}/nightjar.yaml:5:13: cameras.a.streams.main: holds user and password in plain sight; use credentials with passwordFile or passwordEnv`,
    ]);
  });

  it('give way to declared credentials', async () => {
    const { config, warnings } = await parse(
      'version: 1\ncameras: { a: { streams: { main: "rtsp://u:p@cam/" }, credentials: { username: v, passwordEnv: PW } } }',
      { PW: 'q' },
    );
    expect(config.cameras['a']?.credentials).toEqual({ username: 'v', password: 'q' });
    expect(warnings[0]?.message).toBe(
      'user and password in the URL are ignored: there are credentials',
    );
  });
});

describe('the environment', () => {
  it('wins for the data directory and the database', async () => {
    const { config } = await parse(
      'version: 1\ndataDir: /from/file\ndatabase: { url: postgres://file/db }',
      { NIGHTJAR_DATA_DIR: '/from/env', NIGHTJAR_DATABASE_URL: 'postgres://env/db' },
    );
    expect(config.dataDir).toBe('/from/env');
    expect(config.volumes['main']?.path).toBe('/from/env/volumes/main');
    expect(config.database.url).toBe('postgres://env/db');
  });

  it('wins for where operations are served, and is checked', async () => {
    const file = 'version: 1\noperations: { host: 127.0.0.2, port: 1 }';
    const environment = { NIGHTJAR_OPERATIONS_HOST: '0.0.0.0', NIGHTJAR_OPERATIONS_PORT: '9465' };
    const { config } = await parse(file, environment);
    expect(config.operations).toEqual({ host: '0.0.0.0', port: 9465 });
    for (const wrong of ['65536', 'http', '-1', '9464 ']) {
      await expect(parse(file, { NIGHTJAR_OPERATIONS_PORT: wrong })).rejects.toMatchObject({
        issues: [{ message: `NIGHTJAR_OPERATIONS_PORT is ${wrong}: not a port` }],
      });
    }
  });

  it('does not count when empty', async () => {
    const { config } = await parse('version: 1\ndataDir: data', {
      NIGHTJAR_DATA_DIR: '',
      NIGHTJAR_DATABASE_URL: '',
    });
    expect(config.dataDir).toBe(path.join(folder, 'data'));
    expect(config.database.url).toBeUndefined();
  });

  it('holds secrets', async () => {
    const { config } = await parse(
      'version: 1\nusers: { ann: { passwordEnv: ANN, role: admin } }\nqueue: { backend: redis, urlEnv: Q }',
      { ANN: 'a b', Q: 'redis://:x@h' },
    );
    expect(config.users['ann']).toEqual({ password: 'a b', role: 'admin', cameras: undefined });
    expect(config.queue).toEqual({ backend: 'redis', url: 'redis://:x@h', ca: undefined });
  });
});

it('reads a file', async () => {
  const file = path.join(folder, 'some.yaml');
  await writeFile(file, 'version: 1\nrtsp: { port: 9000 }\n');
  expect((await loadConfig(file, {})).config.rtsp.port).toBe(9_000);
});
