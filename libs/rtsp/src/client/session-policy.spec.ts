import { describe, expect, it } from '@jest/globals';
import { DEFAULT_SESSION_POLICY, type SessionPolicy } from './session-policy.js';
import { Dialogue, SDP, URL_1, camera, only, plain, type Server } from './testing/dialogue.js';

/** Cameras with ways of their own, as their conversations showed them. */
const FIXTURES = {
  /** Has one session for all: whoever tears it down ends the others. */
  oneSessionForAll: camera(),
  /** Says that it has GET_PARAMETER, and does not answer it. */
  liesAboutParameters: (request) =>
    request.method === 'GET_PARAMETER' ? undefined : plain(request),
  /** Has GET_PARAMETER alone to keep a session with, and does not say so (a server of VLC). */
  hidesParameters: camera(only('OPTIONS', { headers: { Public: 'DESCRIBE, SETUP, PLAY' } })),
  /** Names another session with each SETUP, and expects the newest. */
  newestSession: camera(
    only('SETUP', (request) => {
      const { headers } = plain(request);
      const track = request.uri.at(-1) ?? '';
      return { headers: { ...headers, Session: `session-${track};timeout=30` } };
    }),
  ),
  /** Behind a network address translator: its base is what it knows of itself. Knows what it was asked for alone. */
  basedElsewhere: only('DESCRIBE', {
    headers: { 'Content-Base': 'rtsp://10.9.9.9/inside/' },
    body: SDP,
  }),
  /** Has a query in its base, and does not expect it to be repeated. */
  queryInBase: only('DESCRIBE', {
    headers: { 'Content-Base': `${URL_1}/stream?channel=1` },
    body: SDP,
  }),
  /** Says `sendonly` of its microphone, meaning that it sends it. */
  microphone: only('DESCRIBE', { body: `${SDP}a=sendonly\r\n` }),
} satisfies Record<string, Server>;

/** Offers all ways to log in, and does one of them right. */
const goodAt =
  (right: RegExp): Server =>
  (request) => {
    if (right.test(request.headers.get('Authorization') ?? '')) return plain(request);
    const digests = ['SHA-256', 'MD5'].map(
      (algorithm) => `Digest realm="c", nonce="n", algorithm=${algorithm}`,
    );
    return { status: 401, headers: { 'WWW-Authenticate': [...digests, 'Basic realm="c"'] } };
  };

const play = (
  server: Server,
  changed: Partial<SessionPolicy> = {},
  options: ConstructorParameters<typeof Dialogue>[1] = {},
): Dialogue => {
  const policy = { ...DEFAULT_SESSION_POLICY, ...changed };
  const d = new Dialogue(server, { ...options, policy }).start();
  expect(d.playing).toBe(true);
  return d;
};

/** The requests that leave a session, and how it ends. */
function left(teardown: SessionPolicy['teardown']): unknown[] {
  const d = play(FIXTURES.oneSessionForAll, { teardown });
  d.run(d.session.stop(d.time()));
  return [d.methods.at(-1), d.end];
}

/** The requests that keep a session. */
function kept(keepAlive: SessionPolicy['keepAlive'], server: Server): string[] {
  const d = play(server, { keepAlive });
  const before = d.methods.length;
  d.tick();
  d.tick();
  return d.methods.slice(before);
}

const sessionOfPlay = (sessionId: SessionPolicy['sessionId']): string | undefined =>
  play(FIXTURES.newestSession, { sessionId }).last('PLAY').headers.get('Session');

const LOGIN = { credentials: { username: 'a', password: 'b' } };
/** How the camera that does `right` alone is answered, when it plays. */
const answered = (
  authentication: SessionPolicy['authentication'],
  right: RegExp,
): string | undefined =>
  play(goodAt(right), { authentication }, LOGIN).last('PLAY').headers.get('Authorization');

/** Where the first track and the whole are asked for. */
function asked(server: Server, changed: Partial<SessionPolicy>): [string, string] {
  const d = play(camera(server), changed);
  return [d.requests.find(({ method }) => method === 'SETUP')!.uri, d.last('PLAY').uri];
}

const kinds = (direction: SessionPolicy['direction']): string[] =>
  play(camera(FIXTURES.microphone), { direction }).ready.map(({ track }) => track.format.kind);

const rangeOf = (playRange: SessionPolicy['playRange']): string | undefined =>
  play(camera(), { playRange }).last('PLAY').headers.get('Range');

/** For each policy, for each of its values, what a camera shows of it. */
const CASES: {
  readonly [Policy in keyof SessionPolicy]: Readonly<Record<SessionPolicy[Policy], () => void>>;
} = {
  teardown: {
    always: () => expect(left('always')).toEqual(['TEARDOWN', { kind: 'stopped' }]),
    never: () => expect(left('never')).toEqual(['PLAY', { kind: 'stopped' }]),
  },
  keepAlive: {
    auto: () => {
      const parameters = ['GET_PARAMETER', 'GET_PARAMETER'];
      expect(kept('auto', FIXTURES.liesAboutParameters)).toEqual(parameters);
      expect(kept('auto', FIXTURES.hidesParameters)).toEqual(['OPTIONS', 'OPTIONS']);
    },
    'get-parameter': () =>
      expect(kept('get-parameter', FIXTURES.hidesParameters)).toEqual([
        'GET_PARAMETER',
        'GET_PARAMETER',
      ]),
    options: () =>
      expect(kept('options', FIXTURES.liesAboutParameters)).toEqual(['OPTIONS', 'OPTIONS']),
    off: () => {
      expect(play(FIXTURES.hidesParameters, { keepAlive: 'off' }).session.nextDeadline).toBe(
        undefined,
      );
      expect(kept('off', FIXTURES.hidesParameters)).toEqual([]);
    },
  },
  sessionId: {
    first: () => expect(sessionOfPlay('first')).toBe('session-0'),
    latest: () => expect(sessionOfPlay('latest')).toBe('session-1'),
  },
  authentication: {
    strongest: () =>
      expect(answered('strongest', /^Digest .*algorithm=SHA-256/)).toMatch(/^Digest /),
    'digest-md5': () =>
      expect(answered('digest-md5', /^Digest .*algorithm=MD5/)).toMatch(/^Digest /),
    basic: () => expect(answered('basic', /^Basic /)).toBe('Basic YTpi'),
  },
  controlBase: {
    given: () =>
      expect(asked(FIXTURES.basedElsewhere, { controlBase: 'given' })).toEqual([
        'rtsp://10.9.9.9/inside/trackID=0',
        'rtsp://10.9.9.9/inside/',
      ]),
    asked: () =>
      expect(asked(FIXTURES.basedElsewhere, { controlBase: 'asked' })).toEqual([
        `${URL_1}/trackID=0`,
        URL_1,
      ]),
  },
  controlUrl: {
    append: () =>
      expect(asked(FIXTURES.queryInBase, { controlUrl: 'append' })[0]).toBe(
        `${URL_1}/stream?channel=1/trackID=0`,
      ),
    resolve: () =>
      expect(asked(FIXTURES.queryInBase, { controlUrl: 'resolve' })[0]).toBe(`${URL_1}/trackID=0`),
  },
  direction: {
    onvif: () => expect(kinds('onvif')).toEqual(['video']),
    ignore: () => expect(kinds('ignore')).toEqual(['video', 'audio']),
  },
  playRange: {
    auto: () => expect(rangeOf('auto')).toBe('npt=0.000-'),
    start: () => expect(rangeOf('start')).toBe('npt=0.000-'),
    now: () => expect(rangeOf('now')).toBe('npt=now-'),
    none: () => expect(rangeOf('none')).toBeUndefined(),
  },
};

describe('a policy toward a camera', () => {
  it.each(
    Object.entries(CASES).flatMap(([policy, values]) =>
      Object.entries(values).map(([value, check]) => [policy, value, check] as const),
    ),
  )('%s: %s', (_policy, _value, check) => check());

  it('teardown: never, also when the camera was understood no further', () => {
    const server = camera(only('PLAY', { status: 500 }));
    const d = new Dialogue(server, {
      policy: { ...DEFAULT_SESSION_POLICY, teardown: 'never' },
    }).start();
    expect(d.end).toMatchObject({ kind: 'failed' });
    expect(d.methods).not.toContain('TEARDOWN');
  });

  it('keepAlive: get-parameter, also when the camera does not like it', () => {
    const d = play(camera(only('GET_PARAMETER', { status: 501 })), { keepAlive: 'get-parameter' });
    d.tick();
    d.tick();
    expect(d.methods.slice(-2)).toEqual(['GET_PARAMETER', 'GET_PARAMETER']);
  });

  it.each(['digest-md5', 'basic'] as const)('authentication: %s, or what there is', (preferred) => {
    const server: Server = (request) =>
      request.headers.has('Authorization')
        ? plain(request)
        : {
            status: 401,
            headers: { 'WWW-Authenticate': 'Digest realm="c", nonce="n", algorithm=SHA-256' },
          };
    const d = play(server, { authentication: preferred }, LOGIN);
    expect(d.last('PLAY').headers.get('Authorization')).toMatch(/algorithm=SHA-256/);
  });

  it('controlUrl: resolve, of what is no URL', () => {
    const server = only('DESCRIBE', {
      headers: { 'Content-Base': `${URL_1}/` },
      body: SDP.replace('trackID=0', 'http://['),
    });
    expect(asked(server, { controlUrl: 'resolve' })[0]).toBe(`${URL_1}/http://[`);
  });

  it('playRange: one that is refused is not asked for again, whichever it was', () => {
    const refuses = camera(
      only('PLAY', ({ headers }) => (headers.has('Range') ? { status: 457 } : undefined)),
    );
    const d = play(refuses, { playRange: 'now' });
    expect(d.methods.slice(-2)).toEqual(['PLAY', 'PLAY']);
  });
});
