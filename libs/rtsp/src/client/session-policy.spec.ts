import { describe, expect, it } from '@jest/globals';
import { DEFAULT_SESSION_POLICY, type SessionPolicy } from './session-policy.js';
import { Dialogue, camera, only, plain, type Server } from './testing/dialogue.js';

/** Cameras with ways of their own, as their conversations showed them. */
const FIXTURES = {
  /** Has one session for all: whoever tears it down ends the others. */
  oneSessionForAll: camera(),
  /** Says that it has GET_PARAMETER, and closes on it. */
  liesAboutParameters: camera(only('GET_PARAMETER', () => undefined)),
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
} satisfies Record<string, Server>;

const play = (server: Server, changed: Partial<SessionPolicy> = {}): Dialogue => {
  const policy = { ...DEFAULT_SESSION_POLICY, ...changed };
  const d = new Dialogue(server, { policy }).start();
  expect(d.playing).toBe(true);
  return d;
};

describe('a policy toward a camera', () => {
  it('teardown: always, or never', () => {
    const always = play(FIXTURES.oneSessionForAll);
    always.run(always.session.stop(always.time()));
    expect([always.methods.at(-1), always.end]).toEqual(['TEARDOWN', { kind: 'stopped' }]);
    const never = play(FIXTURES.oneSessionForAll, { teardown: 'never' });
    never.run(never.session.stop(never.time()));
    expect([never.methods.at(-1), never.end]).toEqual(['PLAY', { kind: 'stopped' }]);
  });

  it('teardown: never, also when the camera was understood no further', () => {
    const server = camera(only('PLAY', { status: 500 }));
    const d = new Dialogue(server, {
      policy: { ...DEFAULT_SESSION_POLICY, teardown: 'never' },
    }).start();
    expect(d.end).toMatchObject({ kind: 'failed' });
    expect(d.methods).not.toContain('TEARDOWN');
  });

  it.each<[SessionPolicy['keepAlive'], Server, readonly string[]]>([
    ['auto', FIXTURES.liesAboutParameters, ['GET_PARAMETER', 'GET_PARAMETER']],
    ['options', FIXTURES.liesAboutParameters, ['OPTIONS', 'OPTIONS']],
    ['auto', FIXTURES.hidesParameters, ['OPTIONS', 'OPTIONS']],
    ['get-parameter', FIXTURES.hidesParameters, ['GET_PARAMETER', 'GET_PARAMETER']],
    ['off', FIXTURES.hidesParameters, []],
  ])('keepAlive: %s', (keepAlive, server, sent) => {
    const d = play(server, { keepAlive });
    const before = d.methods.length;
    if (keepAlive === 'off') expect(d.session.nextDeadline).toBeUndefined();
    d.tick();
    d.tick();
    expect(d.methods.slice(before)).toEqual(sent);
  });

  it('keepAlive: get-parameter, also when the camera does not like it', () => {
    const d = play(camera(only('GET_PARAMETER', { status: 501 })), { keepAlive: 'get-parameter' });
    d.tick();
    d.tick();
    expect(d.methods.slice(-2)).toEqual(['GET_PARAMETER', 'GET_PARAMETER']);
  });

  it.each([
    ['first', 'session-0'],
    ['latest', 'session-1'],
  ] as const)('sessionId: %s', (sessionId, expected) => {
    const d = play(FIXTURES.newestSession, { sessionId });
    expect(d.last('PLAY').headers.get('Session')).toBe(expected);
  });
});
