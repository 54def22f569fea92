import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { RtspHeaders } from '../messages/index.js';
import { Dialogue, SDP, URL_1, camera, only, plain, type Server } from './testing/dialogue.js';

describe('ClientSession transports', () => {
  const refusing = (wanted: 'tcp' | 'udp', status: number): Server =>
    only('SETUP', (request) => {
      const tcp = request.headers.get('Transport')?.includes('TCP') === true;
      return tcp === (wanted === 'tcp') ? { status } : undefined;
    });

  it.each([
    ['tcp', 'udp', 461],
    ['tcp', 'udp', 400],
    ['udp', 'tcp', 461],
  ] as const)('falls from %s to %s on %d, also for the tracks that follow', (from, to, status) => {
    const d = new Dialogue(camera(refusing(from, status)), {
      transport: from,
      fallback: true,
    }).start();
    expect(d.playing).toBe(true);
    expect(d.methods.filter((method) => method === 'SETUP')).toHaveLength(3);
    expect(d.ready.map(({ carriage }) => carriage.lower)).toEqual([to, to]);
  });

  it('does not fall back when it may not', () => {
    const d = new Dialogue(camera(refusing('tcp', 461))).start();
    expect(d.end).toEqual({ kind: 'failed', reason: 'refused', detail: 'SETUP: 461 R' });
  });

  it('wants a new connection when TCP is answered by UDP, and tears the session down first', () => {
    const answer = {
      headers: { Session: 'x', Transport: 'RTP/AVP;unicast;client_port=0-1;server_port=2-3' },
    };
    const d = new Dialogue(camera(only('SETUP', answer)), { fallback: true }).start();
    expect(d.methods.at(-1)).toBe('TEARDOWN');
    expect(d.end).toMatchObject({ kind: 'transport-refused' });
  });
});

describe('ClientSession redirects', () => {
  it.each([
    ['rtsp://cam.test:8554/new', 'rtsp://cam.test:8554/new'],
    ['rtsp://CAM.test/new', 'rtsp://cam.test/new'],
    ['rtsp://u:p@cam.test/new', 'rtsp://cam.test/new'],
    ['/new', 'rtsp://cam.test/new'],
  ])('follows %s', (location, url) => {
    const d = new Dialogue(
      camera(only('DESCRIBE', { status: 302, headers: { Location: location } })),
    ).start();
    expect(d.end).toEqual({ kind: 'redirected', url });
  });

  it.each([
    'rtsp://elsewhere.test/live',
    'rtsp://127.0.0.1/live',
    'rtsp://169.254.169.254/latest/meta-data',
    'rtsp://[::1]/live',
    'rtsp://cam.test@10.0.0.1/live',
    'rtsp://cam.test:554@10.0.0.1/live',
    'rtsp://cam.test.evil.test/live',
    'rtsp:///live',
    'file:///etc/passwd',
    'http://cam.test/',
    'rtsp://cam.test/a b',
    'new',
  ])('does not follow %s', (location) => {
    const d = new Dialogue(
      camera(only('DESCRIBE', { status: 301, headers: { Location: location } })),
    ).start();
    expect(d.end).toMatchObject({ kind: 'failed', reason: 'refused' });
  });
});

describe('ClientSession while playing', () => {
  it('keeps the session alive at half its timeout on the aggregate URL, answered or not', () => {
    const d = new Dialogue(camera(only('GET_PARAMETER', () => undefined))).start();
    expect(d.session.nextDeadline).toBe(15_000);
    d.tick();
    d.tick();
    expect(d.now).toBe(30_000);
    const sent = d.requests.filter(({ method }) => method === 'GET_PARAMETER');
    expect(sent.map(({ uri }) => uri)).toEqual([`${URL_1}/`, `${URL_1}/`]);
    expect(sent[0]?.headers.get('Session')).toBe('abc');
    expect(d.end).toBeUndefined();
  });

  it.each([
    ['abc', 25_000],
    ['abc;timeout=600', 25_000],
    ['abc;timeout=1', 1_000],
  ])('never waits longer than 25 s: Session %s', (session, deadline) => {
    const d = new Dialogue(camera(only('SETUP', { headers: { Session: session } }))).start();
    expect(d.session.nextDeadline).toBe(deadline);
  });

  it('uses OPTIONS where GET_PARAMETER is not offered, or not liked after all', () => {
    const unoffered = new Dialogue(camera(only('OPTIONS', {}))).start();
    unoffered.tick();
    expect(unoffered.methods.at(-1)).toBe('OPTIONS');
    const disliked = new Dialogue(camera(only('GET_PARAMETER', { status: 501 }))).start();
    disliked.tick();
    disliked.tick();
    expect(disliked.methods.slice(-2)).toEqual(['GET_PARAMETER', 'OPTIONS']);
  });

  it('ends when the server has forgotten the session', () => {
    const d = new Dialogue(camera(only('GET_PARAMETER', { status: 454 }))).start();
    d.tick();
    expect(d.end).toMatchObject({ kind: 'failed', reason: 'closed' });
  });

  it('tears down and waits a second at most', () => {
    const polite = new Dialogue(camera()).start();
    polite.run(polite.session.stop(polite.time()));
    expect(polite.last('TEARDOWN').uri).toBe(`${URL_1}/`);
    expect(polite.end).toEqual({ kind: 'stopped' });
    const silent: Server = (request) =>
      request.method === 'TEARDOWN' ? undefined : plain(request);
    const d = new Dialogue(silent).start();
    d.run(d.session.stop(d.time()));
    expect(d.end).toBeUndefined();
    expect(d.session.nextDeadline).toBe(1_000);
    d.tick();
    expect(d.end).toEqual({ kind: 'stopped' });
  });

  it('answers requests of the server and obeys its TEARDOWN', () => {
    const d = new Dialogue(camera()).start();
    const ask = (method: string): void => {
      const headers = RtspHeaders.from({ CSeq: '7' });
      const request = {
        kind: 'request',
        method,
        uri: '*',
        version: 'RTSP/1.0',
        headers,
        body: Buffer.alloc(0),
      } as const;
      d.run(d.session.receive(request, d.time()));
    };
    ask('OPTIONS');
    ask('ANNOUNCE');
    ask('TEARDOWN');
    expect(d.answered.map((message) => message.kind === 'response' && message.status)).toEqual([
      200, 501, 200,
    ]);
    expect(d.answered[0]?.headers.get('CSeq')).toBe('7');
    expect(d.end).toMatchObject({ kind: 'failed', reason: 'closed' });
    expect(d.session.stop(d.time())).toEqual([]);
  });

  it('whatever is answered, neither throws nor sends without end', () => {
    const value = fc.oneof(
      fc.constantFrom('', ';', 'abc;timeout=x', 'RTP/AVP', 'Digest', 'Basic realm=', SDP),
      fc.string(),
    );
    const name = fc.constantFrom(
      'Session',
      'Transport',
      'Public',
      'WWW-Authenticate',
      'Location',
      'Content-Base',
    );
    const reply = fc.record({
      status: fc.constantFrom(200, 200, 200, 302, 400, 401, 454, 461, 500),
      headers: fc.dictionary(name, value),
      body: value,
    });
    fc.assert(
      fc.property(fc.array(reply, { minLength: 1 }), fc.boolean(), (replies, fallback) => {
        let i = 0;
        const d = new Dialogue(() => replies[i++], {
          fallback,
          credentials: { username: 'u', password: 'p' },
        }).start();
        d.run(d.session.stop(d.time()));
        d.tick();
        d.tick();
        expect(d.end).toBeDefined();
        expect(d.requests.length).toBeLessThan(40);
      }),
    );
  });
});
