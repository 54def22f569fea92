import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { NightjarError } from '@nightjar/common';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { MAX_CONFIG_BYTES } from './config-text.js';
import { ConfigError } from './issue.js';
import { loadConfig, parseConfig } from './load.js';

/** The whole message, the file being n.yaml. */
async function messageFor(text: string): Promise<string> {
  try {
    await parseConfig(text, 'n.yaml', {});
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return 'valid';
}

const camera = (rest: string) =>
  `version: 1\ncameras:\n  a:\n    streams: { main: rtsp://a/ }\n${rest}`;
const SECTIONS =
  'version, dataDir, cameras, groups, schedules, users, access, limits, rtsp, relay, http, onvif, operations, volumes, media, files, recording, database, queue, retention, events, discovery, integrity, exports, pictures, log';

describe('a wrong configuration is told with line, column, key and remedy', () => {
  it.each([
    ['empty file', '', 'n.yaml:1:1: expected a map, got nothing'],
    ['a list', '- a', 'n.yaml:1:1: expected a map, got a list'],
    ['no version', 'rtsp: {}', 'n.yaml:1:1: version: is required'],
    ['another version', 'version: 2', 'n.yaml:1:10: version: expected 1, got another value'],
    [
      'unknown section',
      'version: 1\nrstp: {}',
      'n.yaml:2:1: rstp: unknown key; did you mean "rtsp"?',
    ],
    [
      'unknown section like none',
      'version: 1\nx: {}',
      `n.yaml:2:1: x: unknown key; valid keys here: ${SECTIONS}`,
    ],
    [
      'unknown camera key',
      camera('    recrod: continuous'),
      'n.yaml:5:5: cameras.a.recrod: unknown key; did you mean "record"?',
    ],
    [
      'unknown key in a shorthand-able map',
      'version: 1\ncameras: { a: { streams: { main: { ulr: "rtsp://a/" } } } }',
      'n.yaml:2:36: cameras.a.streams.main.ulr: unknown key; did you mean "url"?',
    ],
    ['empty section', 'version: 1\ncameras:\n', 'n.yaml:2:9: cameras: expected a map, got nothing'],
    [
      'text for boolean',
      'version: 1\nrtsp: { udp: yes }',
      'n.yaml:2:14: rtsp.udp: expected true or false, got a text',
    ],
    [
      'text for number',
      'version: 1\nrtsp: { port: "8554" }',
      'n.yaml:2:15: rtsp.port: expected a number, got a text',
    ],
    [
      'fraction for port',
      'version: 1\nrtsp: { port: 85.5 }',
      'n.yaml:2:15: rtsp.port: expected a whole number, got a number',
    ],
    [
      'port too high',
      'version: 1\nhttp: { port: 80800 }',
      'n.yaml:2:15: http.port: must be at most 65535',
    ],
    [
      'duration without unit',
      camera('    retention: { maxAge: 30 }'),
      'n.yaml:5:26: cameras.a.retention.maxAge: expected a duration with its unit, such as 30d, 12h, 5m, 90s or 500ms',
    ],
    [
      'duration out of bounds',
      'version: 1\nrtsp: { closeAfter: 2d }',
      'n.yaml:2:21: rtsp.closeAfter: must be between 0ms and 1d',
    ],
    [
      'size with a space',
      camera('    retention: { maxBytes: 5 GB }'),
      'n.yaml:5:28: cameras.a.retention.maxBytes: expected a size with its unit, such as 500GB, 10GiB or 64MB',
    ],
    [
      'size beyond counting',
      camera('    retention: { maxBytes: 999999999TB }'),
      'n.yaml:5:28: cameras.a.retention.maxBytes: must be between 1MiB and 9007199254740991B',
    ],
    [
      'misspelt choice',
      camera('    record: continous'),
      'n.yaml:5:13: cameras.a.record: expected one of continuous, off; did you mean "continuous"?',
    ],
    [
      'choice of another kind',
      'version: 1\nlog: { level: 3 }',
      'n.yaml:2:15: log.level: expected one of debug, info, warn, error, got a number',
    ],
    [
      'bad camera name',
      'version: 1\ncameras:\n  Back Door: { streams: { main: rtsp://a/ } }',
      'n.yaml:3:3: cameras.Back Door: a name is 1 to 63 lower-case letters, digits and hyphens, the first not a hyphen',
    ],
    [
      'reserved camera name',
      'version: 1\ncameras:\n  playback: { streams: { main: rtsp://a/ } }',
      'n.yaml:3:3: cameras.playback: "playback" is reserved for rtsp://HOST/playback/...; choose another name',
    ],
    [
      'no main stream',
      'version: 1\ncameras:\n  a: { streams: { sub: rtsp://a/ } }',
      'n.yaml:3:8: cameras.a.streams: a stream named main is required',
    ],
    [
      'recorded stream missing',
      camera('    record: { stream: mian }'),
      'n.yaml:5:23: cameras.a.record.stream: there is no stream "mian"; did you mean "main"?',
    ],
    [
      'no schedule named',
      camera('    record: { mode: schedule }'),
      'n.yaml:5:5: cameras.a.record: mode schedule needs the name of a schedule',
    ],
    [
      'no such schedule',
      camera('    record: { mode: schedule, schedule: ofice }\nschedules: { office: {} }'),
      'n.yaml:5:41: cameras.a.record.schedule: there is no schedule "ofice"; did you mean "office"?',
    ],
    [
      'one stream recorded twice',
      camera('    record: [{ mode: event }, { stream: main }]'),
      'n.yaml:5:41: cameras.a.record.1.stream: stream main is recorded by an earlier entry',
    ],
    [
      'no such group and volume',
      camera('    group: out\n    volumes: [main, spare]'),
      'n.yaml:5:12: cameras.a.group: there is no group "out"\nn.yaml:6:21: cameras.a.volumes.1: there is no volume "spare"',
    ],
    [
      'a guarantee beyond the age',
      camera('    retention: { maxAge: 1d, minAge: 2d }'),
      'n.yaml:5:38: cameras.a.retention.minAge: must not be longer than maxAge',
    ],
    [
      "a guarantee beyond the group's age, and an age below its guarantee",
      `version: 1
groups: { out: { retention: { maxAge: 7d, minAge: 2d } } }
cameras:
  a: { streams: { main: rtsp://a/ }, group: out, retention: { minAge: 8d, events: { maxAge: 6d } } }
  b: { streams: { main: rtsp://b/ }, group: out, retention: { maxAge: 1d } }`,
      'n.yaml:4:71: cameras.a.retention.minAge: must not be longer than maxAge of its group\nn.yaml:4:93: cameras.a.retention.events.maxAge: must not be shorter than maxAge of its group\nn.yaml:5:71: cameras.b.retention.maxAge: must not be shorter than minAge of its group',
    ],
    [
      'events kept longer than what has no end',
      `version: 1
groups: { out: { retention: { events: { maxAge: 7d } } } }
cameras:
  a: { streams: { main: rtsp://a/ }, group: out, retention: { maxAge: 1d } }
  b: { streams: { main: rtsp://b/ }, group: out }
  c: { streams: { main: rtsp://c/ }, retention: { maxBytes: 1GB, events: { maxAge: 7d } } }
volumes: { main: { path: /x, events: { maxAge: 7d } } }`,
      'n.yaml:5:3: cameras.b: footage of events is kept longer than the rest: that needs maxAge, here or in its group\nn.yaml:6:66: cameras.c.retention.events: footage of events is kept longer than the rest: that needs maxAge, here or in its group\nn.yaml:7:30: volumes.main.events: footage of events stays longer than the rest: that needs maxAge',
    ],
    [
      'ages of a volume that contradict each other',
      'version: 1\nvolumes: { main: { path: /x, maxAge: 7d, minAge: 8d } }',
      'n.yaml:2:50: volumes.main.minAge: must not be longer than maxAge',
    ],
    [
      'no time zone',
      'version: 1\nschedules: { a: { timeZone: Europe/Berln } }',
      'n.yaml:2:29: schedules.a.timeZone: "Europe/Berln" is no IANA time zone such as Europe/Berlin',
    ],
    [
      'http URL',
      'version: 1\ncameras: { a: { streams: { main: "http://u:secret@a/" } } }',
      'n.yaml:2:34: cameras.a.streams.main: expected an URL that begins with rtsp:// or rtsps://',
    ],
    [
      'URL without host',
      'version: 1\ncameras: { a: { streams: { main: { url: "rtsp:///x" } } } }',
      'n.yaml:2:41: cameras.a.streams.main.url: the URL names no host',
    ],
    [
      'URL with a bad port',
      'version: 1\ncameras: { a: { streams: { main: "rtsp://u:se#cret@a/" } } }',
      'n.yaml:2:34: cameras.a.streams.main: not a valid URL (host, port or characters); if it is part of a password, use credentials with passwordFile instead',
    ],
    [
      'URL with a slash in the password',
      'version: 1\ncameras: { a: { streams: { main: "rtsp://u:12/3@a/" } } }',
      'n.yaml:2:34: cameras.a.streams.main: has an @ after the host; write it as %40; if it is part of a password, use credentials with passwordFile instead',
    ],
    [
      'stream without a URL',
      'version: 1\ncameras: { a: { streams: { main: { transport: tcp } } } }',
      'n.yaml:2:34: cameras.a.streams.main.url: is required',
    ],
    [
      'published stream with what only a pulled one has',
      'version: 1\ncameras:\n  a:\n    streams:\n      main: { source: publish, url: "rtsp://a/", transport: udp }',
      'n.yaml:5:32: cameras.a.streams.main.url: has no meaning with source: publish; the encoder decides\nn.yaml:5:50: cameras.a.streams.main.transport: has no meaning with source: publish; the encoder decides',
    ],
    [
      'pulled stream with a policy for publishers',
      'version: 1\ncameras: { a: { streams: { main: { url: "rtsp://a/", secondPublisher: replace } } } }',
      'n.yaml:2:54: cameras.a.streams.main.secondPublisher: has a meaning with source: publish only',
    ],
    [
      'login of a stream without a password',
      'version: 1\ncameras: { a: { streams: { main: { url: "rtsp://a/", credentials: { username: u } } } } }',
      'n.yaml:2:54: cameras.a.streams.main.credentials: needs passwordFile or passwordEnv',
    ],
    [
      'password inline',
      camera('    credentials: { username: a, password: hunter2 }'),
      'n.yaml:5:33: cameras.a.credentials.password: a password does not belong in this file; put it in a file of its own and name that with passwordFile, or in an environment variable named by passwordEnv',
    ],
    [
      'no password',
      'version: 1\nusers:\n  ann: { role: admin }',
      'n.yaml:3:3: users.ann: needs passwordFile or passwordEnv, or passwordHash',
    ],
    [
      'two passwords',
      'version: 1\nusers:\n  ann: { passwordFile: a, passwordEnv: B }',
      'n.yaml:3:3: users.ann: has both passwordFile and passwordEnv; keep one',
    ],
    [
      'variable not set',
      'version: 1\nusers:\n  ann: { passwordEnv: ANN }',
      'n.yaml:3:23: users.ann.passwordEnv: environment variable ANN is not set',
    ],
    [
      'secret file missing',
      'version: 1\nusers:\n  ann: { passwordFile: /nowhere/x }',
      'n.yaml:3:24: users.ann.passwordFile: cannot read /nowhere/x: no such file',
    ],
    [
      'secret file a directory',
      'version: 1\nusers:\n  ann: { passwordFile: / }',
      'n.yaml:3:24: users.ann.passwordFile: cannot read /: it is a directory',
    ],
    [
      'user of no such camera',
      `${camera('')}users:\n  ann: { passwordEnv: PATH, cameras: [a, b] }`.replace('PATH', 'X'),
      'n.yaml:6:23: users.ann.passwordEnv: environment variable X is not set\nn.yaml:6:39: users.ann.cameras.1: there is no camera "b"; did you mean "a"?',
    ],
    [
      'one port twice',
      'version: 1\nhttp: { port: 8554 }',
      'n.yaml:2:15: http.port: port 8554 is the port of rtsp too',
    ],
    [
      'one path twice',
      'version: 1\nvolumes: { a: { path: /x }, b: { path: /x/ } }',
      'n.yaml:2:40: volumes.b.path: is the path of volume a too',
    ],
    [
      'a volume in another',
      'version: 1\nvolumes: { a: { path: /x/y }, b: { path: /x }, c: { path: /x/y/..z }, d: { path: /xy } }',
      'n.yaml:2:42: volumes.b.path: volume a lies inside it\nn.yaml:2:59: volumes.c.path: lies inside volume a\nn.yaml:2:59: volumes.c.path: lies inside volume b',
    ],
    [
      'no volume',
      'version: 1\nvolumes: {}',
      'n.yaml:2:1: volumes: names no volume; remove it for the default one',
    ],
    [
      'password in a database URL',
      'version: 1\ndatabase: { url: "postgres://u:secret@h/d" }',
      'n.yaml:2:18: database.url: a password does not belong in this file; put the whole URL in a file of its own and name that with urlFile, or in an environment variable named by urlEnv',
    ],
    [
      'two database URLs',
      'version: 1\ndatabase: { url: "postgres://h/d", urlEnv: X }',
      'n.yaml:2:1: database: has more than one of url, urlFile, urlEnv; keep one',
    ],
    [
      'redis without URL',
      'version: 1\nqueue: { backend: redis }',
      'n.yaml:2:8: queue: backend redis needs url, urlFile or urlEnv',
    ],
    [
      'fragment longer than segment',
      'version: 1\nrecording: { segment: 1s, fragment: 2s }',
      'n.yaml:2:37: recording.fragment: must not be longer than recording.segment',
    ],
    [
      'reconnect upside down',
      camera('    reconnect: { initial: 2s, max: 1s }'),
      'n.yaml:5:27: cameras.a.reconnect.initial: must not be longer than reconnect.max',
    ],
    [
      'a ceiling of memory that no process keeps',
      'version: 1\nlimits: { memory: 1MiB }',
      'n.yaml:2:19: limits.memory: must be between 64MiB and 64TiB',
    ],
    [
      'a ceiling above the whole processor',
      'version: 1\nlimits: { cpu: 1.5 }',
      'n.yaml:2:16: limits.cpu: must be at most 1',
    ],
    [
      'no connection to cameras at all',
      'version: 1\nlimits: { cameraConnections: 0 }',
      'n.yaml:2:30: limits.cameraConnections: must be at least 1',
    ],
    ['syntax', 'version: 1\na: "b', 'n.yaml:2:6: Missing closing "quote'],
    ['key twice', 'version: 1\nversion: 1', 'n.yaml:2:1: the key "version" is already there'],
    ['key that is a map', '{ { a: 1 }: 2 }', 'n.yaml:1:3: a key must be a text'],
    [
      'unknown anchor',
      'version: 1\ncameras: { a: *b }',
      'n.yaml:2:15: there is no anchor &b before this',
    ],
    [
      'two documents',
      'version: 1\n---\nversion: 1',
      'n.yaml:2:1: a second document begins here; keep one',
    ],
    [
      'prototype key',
      'version: 1\nhttp: { __proto__: { port: 1 } }',
      'n.yaml:2:9: http.__proto__: unknown key; valid keys here: host, port, trustedProxies, rtspServer',
    ],
  ])('%s', async (_name, text, message) => {
    expect(await messageFor(text)).toBe(message);
  });

  it('names all at once, in file order, also what only shows across sections', async () => {
    const text = [
      'version: 1',
      'cameras:',
      '  front: { streams: { main: rtsp://a/ }, recrod: off }',
      '  side: { streams: { main: http://a/ } }',
      'users:',
      '  ann: { passwordFile: /nowhere/x, cameras: [front, sied] }',
      'rtsp: { port: 8080, upd: false }',
      'log: { level: loud }',
    ].join('\n');
    expect((await messageFor(text)).split('\n')).toEqual([
      'n.yaml:3:42: cameras.front.recrod: unknown key; did you mean "record"?',
      'n.yaml:4:28: cameras.side.streams.main: expected an URL that begins with rtsp:// or rtsps://',
      'n.yaml:6:24: users.ann.passwordFile: cannot read /nowhere/x: no such file',
      'n.yaml:6:53: users.ann.cameras.1: there is no camera "sied"; did you mean "side"?',
      'n.yaml:7:21: rtsp.upd: unknown key; did you mean "udp"?',
      'n.yaml:8:15: log.level: expected one of debug, info, warn, error',
    ]);
  });

  it('carries the issues as data', async () => {
    const error = await parseConfig('version: 1\nx: 1', 'n.yaml', {}).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(NightjarError);
    expect(error).toMatchObject({
      kind: 'invalid',
      code: 'config/invalid',
      where: { file: 'n.yaml' },
      issues: [{ file: 'n.yaml', line: 2, column: 1, path: 'x' }],
    });
  });
});

describe('hostile files', () => {
  it.each([
    ['flow nesting', '['.repeat(100_000), 'n.yaml:1:1: nested too deeply'],
    ['compact nesting', '- '.repeat(100_000), 'n.yaml:1:1: nested too deeply'],
    ['key nesting', '? '.repeat(100_000), 'n.yaml:1:1: nested too deeply'],
    ['size', '#'.repeat(MAX_CONFIG_BYTES + 1), 'n.yaml:1:1: larger than 1048576 bytes'],
    [
      'billion laughs',
      `a0: &a0 [x]\n${Array.from({ length: 9 }, (_, n) => `a${n + 1}: &a${n + 1} [${`*a${n},`.repeat(9)}]\n`).join('')}`,
      'n.yaml:1:1: Excessive alias count indicates a resource exhaustion attack',
    ],
  ])('%s', async (_name, text, message) => {
    expect(await messageFor(text)).toBe(message);
  });
});

describe('files that cannot be read', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'nightjar-config-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('names a missing file', async () => {
    await expect(loadConfig('nowhere.yaml', {})).rejects.toThrow(
      'nowhere.yaml:1:1: cannot read the configuration: no such file',
    );
  });

  it('does not read a huge file', async () => {
    const file = path.join(folder, 'huge.yaml');
    await writeFile(file, Buffer.alloc(MAX_CONFIG_BYTES + 1));
    await expect(loadConfig(file, {})).rejects.toThrow('larger than 1048576 bytes');
  });

  it('refuses an empty and a huge secret', async () => {
    await writeFile(path.join(folder, 'empty'), '\n');
    await writeFile(path.join(folder, 'huge'), Buffer.alloc(9_000, 'x'));
    const file = path.join(folder, 'n.yaml');
    const text = 'version: 1\nusers:\n  a: { passwordFile: empty }\n  b: { passwordFile: huge }\n';
    await expect(parseConfig(text, file, {})).rejects.toMatchObject({
      issues: [
        { message: `${folder}/empty is empty` },
        { message: `${folder}/huge is larger than 8192 bytes` },
      ],
    });
  });
});

describe('any file at all', () => {
  const PATIENCE_MS = 30_000;
  const onlyConfigError = async (text: string): Promise<void> => {
    try {
      await parseConfig(text, 'n.yaml', {});
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      expect(error.issues.length).toBeGreaterThan(0);
      for (const { line, column } of error.issues) expect(line * column).toBeGreaterThan(0);
    }
  };
  const key = fc.constantFrom(
    ...SECTIONS.split(', '),
    'main',
    'streams',
    'url',
    'record',
    'stream',
    'credentials',
    'path',
    'port',
    '__proto__',
    'a',
    '1',
    '',
  );
  const leaf = fc.oneof(
    fc.string(),
    fc.integer(),
    fc.double(),
    fc.boolean(),
    fc.constant(null),
    fc.constantFrom('1', 1, '30d', '5GB', 'rtsp://a/', 'continuous'),
  );
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { depthSize: 'small' },
      leaf,
      fc.array(tie('tree'), { maxLength: 4 }),
      fc.dictionary(key, tie('tree'), { maxKeys: 6 }),
    ),
  }));

  it(
    'gives a configuration or a ConfigError with positions, for random text',
    async () => {
      await fc.assert(fc.asyncProperty(fc.string({ unit: 'binary' }), onlyConfigError));
    },
    PATIENCE_MS,
  );

  it(
    'the same for text made of YAML signs',
    async () => {
      const signs = fc.constantFrom(
        ...Array.from('-?:,[]{}#&*!|>\'"%@` \n\tab1'),
        '<<: ',
        '\n  ',
        'version: 1\n',
        'cameras:\n',
      );
      const text = fc.string({ unit: signs, maxLength: 60 });
      await fc.assert(fc.asyncProperty(text, onlyConfigError), { numRuns: 200 });
    },
    PATIENCE_MS,
  );

  it(
    'the same for random trees of known keys',
    async () => {
      const file = fc.dictionary(key, tree, { maxKeys: 8 });
      await fc.assert(
        fc.asyncProperty(file, (value) => onlyConfigError(stringify({ version: 1, ...value }))),
      );
    },
    PATIENCE_MS,
  );
});
