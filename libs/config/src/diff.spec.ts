import { describe, expect, it } from '@jest/globals';
import { diffConfig, isEmptyDiff, type ConfigDiff } from './diff.js';
import { parseConfig } from './load.js';

const BASE = `version: 1
cameras:
  a:
    streams: { main: rtsp://a/1, sub: rtsp://a/2 }
    record: continuous
  b: { streams: { main: rtsp://b/1 } }
users:
  ann: { passwordEnv: ANN }
`;

async function diffAfter(replace: string, by: string): Promise<ConfigDiff> {
  const load = async (text: string) =>
    (await parseConfig(text, 'n.yaml', { ANN: 'x', BOB: 'y' })).config;
  expect(BASE).toContain(replace);
  return diffConfig(await load(BASE), await load(BASE.replace(replace, by)));
}

const nothing = { added: [], removed: [], changed: [] };
const untouched = { record: false, retention: false };

describe('diffConfig', () => {
  it('is empty for the same file written otherwise', async () => {
    const diff = await diffAfter('record: continuous', 'record: { stream: main }');
    expect(isEmptyDiff(diff)).toBe(true);
  });

  it.each([
    {
      what: 'an added camera',
      replace: 'users:',
      by: '  c: { streams: { main: rtsp://c/ } }\nusers:',
      cameras: { ...nothing, added: ['c'] },
    },
    {
      what: 'a removed camera',
      replace: '  b: { streams: { main: rtsp://b/1 } }\n',
      by: '',
      cameras: { ...nothing, removed: ['b'] },
    },
    {
      what: 'another URL of one stream',
      replace: 'rtsp://a/2',
      by: 'rtsp://a/3',
      cameras: {
        ...nothing,
        changed: [{ camera: 'a', streams: { ...nothing, changed: ['sub'] }, ...untouched }],
      },
    },
    {
      what: 'a stream that comes and one that goes',
      replace: 'sub: rtsp://a/2',
      by: 'low: rtsp://a/2',
      cameras: {
        ...nothing,
        changed: [
          { camera: 'a', streams: { ...nothing, added: ['low'], removed: ['sub'] }, ...untouched },
        ],
      },
    },
    {
      what: 'another login, which concerns every stream',
      replace: 'record: continuous',
      by: 'record: continuous\n    credentials: { username: u, passwordEnv: BOB }',
      cameras: {
        ...nothing,
        changed: [{ camera: 'a', streams: { ...nothing, changed: ['main', 'sub'] }, ...untouched }],
      },
    },
    {
      what: 'recording alone',
      replace: 'record: continuous',
      by: 'record: off',
      cameras: {
        ...nothing,
        changed: [{ camera: 'a', streams: nothing, record: true, retention: false }],
      },
    },
    {
      what: 'retention alone',
      replace: 'record: continuous',
      by: 'record: continuous\n    retention: { maxAge: 1d }',
      cameras: {
        ...nothing,
        changed: [{ camera: 'a', streams: nothing, record: false, retention: true }],
      },
    },
  ])('tells $what', async ({ replace, by, cameras }) => {
    const diff = await diffAfter(replace, by);
    expect(diff).toEqual({ cameras, usersChanged: false, live: [], restartOnly: [] });
    expect(isEmptyDiff(diff)).toBe(false);
  });

  it('tells changed users', async () => {
    expect(await diffAfter('passwordEnv: ANN', 'passwordEnv: BOB')).toEqual({
      cameras: nothing,
      usersChanged: true,
      live: [],
      restartOnly: [],
    });
  });

  it('names what takes effect at once', async () => {
    const diff = await diffAfter('version: 1', 'version: 1\nschedules: { office: {} }');
    expect(diff).toMatchObject({ live: ['schedules'], restartOnly: [] });
    expect(isEmptyDiff(diff)).toBe(false);
  });

  it('names what needs a restart', async () => {
    const diff = await diffAfter(
      'version: 1',
      'version: 1\nrtsp: { port: 9000 }\nlog: { level: debug }',
    );
    // Where the HTTP port finds the RTSP port follows from `rtsp`.
    expect(diff.restartOnly).toEqual(['rtsp', 'http', 'log']);
    expect(isEmptyDiff(diff)).toBe(false);
  });
});
