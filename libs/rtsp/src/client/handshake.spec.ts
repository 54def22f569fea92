import { describe, expect, it } from '@jest/globals';
import { DigestVerifier, ha1 } from '../auth/index.js';
import type { RtspRequest } from '../messages/index.js';
import {
  Dialogue,
  URL_1,
  SDP,
  VIDEO,
  camera,
  only,
  plain,
  type Server,
} from './testing/dialogue.js';

describe('ClientSession handshake', () => {
  it('sets up every track over TCP with the Session of the first and plays the aggregate', () => {
    const d = new Dialogue(camera()).start();
    expect(d.methods).toEqual(['OPTIONS', 'DESCRIBE', 'SETUP', 'SETUP', 'PLAY']);
    expect(d.playing).toBe(true);
    expect(d.requests.map(({ uri }) => uri).slice(2)).toEqual([
      `${URL_1}/trackID=0`,
      `${URL_1}/trackID=1`,
      `${URL_1}/`,
    ]);
    expect(d.requests[2]?.headers.get('Session')).toBeUndefined();
    expect(d.requests[3]?.headers.get('Session')).toBe('abc');
    expect(d.requests[3]?.headers.get('Transport')).toBe('RTP/AVP/TCP;unicast;interleaved=2-3');
    expect(d.requests.every(({ headers }) => headers.get('User-Agent') === 'test')).toBe(true);
    expect(d.ready.map(({ carriage }) => carriage)).toEqual([
      { lower: 'tcp', rtpChannel: 0, rtcpChannel: 1 },
      { lower: 'tcp', rtpChannel: 2, rtcpChannel: 3 },
    ]);
  });

  it('asks for ports and names them when it wants UDP', () => {
    const server = only('SETUP', (request) => ({
      headers: {
        Session: 'abc',
        Transport: `${request.headers.get('Transport')};server_port=7000-7001`,
      },
    }));
    const d = new Dialogue(camera(server), { transport: 'udp' }).start();
    expect(d.requests[3]?.headers.get('Transport')).toBe('RTP/AVP;unicast;client_port=5002-5003');
    expect(d.ready[0]?.carriage).toEqual({
      lower: 'udp',
      localPorts: [5000, 5001],
      serverPorts: [7000, 7001],
    });
  });

  const carriages: { name: string; answer: string | undefined; udp?: boolean; carriage: object }[] =
    [
      {
        name: 'other channels',
        answer: 'RTP/AVP/TCP;unicast;interleaved=6-7',
        carriage: { rtpChannel: 6, rtcpChannel: 7 },
      },
      {
        name: 'one channel',
        answer: 'RTP/AVP/TCP;interleaved=4',
        carriage: { rtpChannel: 4, rtcpChannel: 5 },
      },
      {
        name: 'no /TCP (Escam)',
        answer: 'RTP/AVP;unicast;interleaved=0-1',
        carriage: { lower: 'tcp', rtpChannel: 0 },
      },
      {
        name: 'bad ssrc (Hikvision)',
        answer: 'RTP/AVP/TCP;unicast;interleaved=0-1;ssrc= d6d6627;mode="play"',
        carriage: { rtpChannel: 0 },
      },
      {
        name: 'ssrc first',
        answer: 'ssrc=1234;RTP/AVP/TCP;interleaved=0-1',
        carriage: { rtpChannel: 0 },
      },
      {
        name: 'no channels',
        answer: 'RTP/AVP/TCP;unicast',
        carriage: { rtpChannel: 0, rtcpChannel: 1 },
      },
      { name: 'no Transport', answer: undefined, carriage: { lower: 'tcp', rtpChannel: 0 } },
      { name: 'rubbish', answer: '???', carriage: { lower: 'tcp', rtpChannel: 0 } },
      {
        name: 'UDP without server_port (OpenIPC)',
        udp: true,
        answer: 'RTP/AVP;unicast;client_port=5000-5001',
        carriage: { lower: 'udp', serverPorts: undefined },
      },
      {
        name: 'UDP with server_port 0',
        udp: true,
        answer: 'RTP/AVP;server_port=0-0',
        carriage: { lower: 'udp', serverPorts: undefined },
      },
      {
        name: 'UDP answered by TCP',
        udp: true,
        answer: 'RTP/AVP/TCP;interleaved=0-1',
        carriage: { lower: 'tcp', rtpChannel: 0 },
      },
    ];
  it.each(carriages)('takes what the server grants: $name', ({ answer, udp, carriage }) => {
    const headers = { Session: 'abc', ...(answer !== undefined && { Transport: answer }) };
    const describe = only('DESCRIBE', { body: `v=0\r\n${VIDEO}` });
    const d = new Dialogue(
      camera((r) => describe(r) ?? only('SETUP', { headers })(r)),
      { transport: udp === true ? 'udp' : 'tcp', fallback: true },
    ).start();
    expect(d.end).toBeUndefined();
    expect(d.ready[0]?.carriage).toMatchObject(carriage);
    expect(d.playing).toBe(true);
  });

  const bases: {
    name: string;
    base?: string;
    location?: string;
    control: string;
    setup: string;
    play: string;
  }[] = [
    { name: 'no base', control: 'trackID=0', setup: `${URL_1}/trackID=0`, play: URL_1 },
    {
      name: 'schemeless base',
      base: 'cam.test/live/',
      control: 't',
      setup: `${URL_1}/t`,
      play: `${URL_1}/`,
    },
    {
      name: 'doubled scheme',
      base: 'rtsp://rtsp://cam.test/live/',
      control: 't',
      setup: `${URL_1}/t`,
      play: `${URL_1}/`,
    },
    {
      name: 'path only',
      base: '/other/',
      control: 't',
      setup: 'rtsp://cam.test/other/t',
      play: 'rtsp://cam.test/other/',
    },
    {
      name: 'mapped address',
      base: 'rtsp://::ffff:10.0.0.1/x/',
      control: 't',
      setup: 'rtsp://10.0.0.1/x/t',
      play: 'rtsp://10.0.0.1/x/',
    },
    {
      name: 'Content-Location',
      location: 'rtsp://cam.test/loc/',
      control: 't',
      setup: 'rtsp://cam.test/loc/t',
      play: 'rtsp://cam.test/loc/',
    },
    {
      name: 'userinfo in the base',
      base: 'rtsp://u:p@cam.test/live/',
      control: 't',
      setup: `${URL_1}/t`,
      play: `${URL_1}/`,
    },
    {
      name: 'query (Dahua)',
      base: 'rtsp://cam.test/cam?channel=1&subtype=0/',
      control: 'trackID=0',
      setup: 'rtsp://cam.test/cam?channel=1&subtype=0/trackID=0',
      play: 'rtsp://cam.test/cam?channel=1&subtype=0/',
    },
    {
      name: 'absolute control',
      base: 'rtsp://cam.test/live/',
      control: 'rtsp://cam.test:554/a?b=c',
      setup: 'rtsp://cam.test:554/a?b=c',
      play: `${URL_1}/`,
    },
  ];
  it.each(bases)(
    'builds URLs as cameras expect them: $name',
    ({ base, location, control, setup, play }) => {
      const headers = {
        ...(base !== undefined && { 'Content-Base': base }),
        ...(location !== undefined && { 'Content-Location': location }),
      };
      const body = `v=0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:${control}\r\n`;
      const d = new Dialogue(camera(only('DESCRIBE', { headers, body }))).start();
      expect(d.last('SETUP').uri).toBe(setup);
      expect(d.last('PLAY').uri).toBe(play);
    },
  );

  it('leaves back channels alone', () => {
    const body = `${SDP}a=recvonly\r\nm=audio 0 RTP/AVP 8\r\na=control:trackID=2\r\na=sendonly\r\n`;
    const d = new Dialogue(camera(only('DESCRIBE', { body }))).start();
    expect(d.methods.filter((method) => method === 'SETUP')).toHaveLength(2);
  });

  it('goes on without an audio track that is refused (Dahua), and not without video', () => {
    const refuse = (track: string): Server =>
      only('SETUP', (request) => (request.uri.endsWith(track) ? { status: 453 } : undefined));
    const silent = new Dialogue(camera(refuse('trackID=1'))).start();
    expect(silent.playing).toBe(true);
    expect(silent.ready).toHaveLength(1);
    const blind = new Dialogue(camera(refuse('trackID=0'))).start();
    expect(blind.end).toEqual({ kind: 'failed', reason: 'refused', detail: 'SETUP: 453 R' });
  });

  it('refuses channels that were given to another track', () => {
    const d = new Dialogue(
      camera(
        only('SETUP', { headers: { Session: 'a', Transport: 'RTP/AVP/TCP;interleaved=0-1' } }),
      ),
    ).start();
    expect(d.playing).toBe(true);
    expect(d.ready.map(({ track }) => track.format.kind)).toEqual(['video']);
  });

  it.each([404, 405, 454, 501])('does without OPTIONS when it is answered with %d', (status) => {
    const d = new Dialogue(camera(only('OPTIONS', { status }))).start();
    expect(d.playing).toBe(true);
  });

  it('matches responses that lost their CSeq', () => {
    const stripped: Server = (request) => ({
      ...plain(request),
      headers: { ...plain(request).headers, CSeq: 'none' },
    });
    expect(new Dialogue(stripped).start().playing).toBe(true);
  });

  it('plays without a Session header anywhere', () => {
    const d = new Dialogue(camera(only('SETUP', { headers: {} }))).start();
    expect(d.playing).toBe(true);
    expect(d.last('PLAY').headers.has('Session')).toBe(false);
    d.run(d.session.stop(d.time()));
    expect(d.end).toEqual({ kind: 'stopped' });
  });

  it.each([
    [404, 'not-found'],
    [401, 'unauthorized'],
    [403, 'unauthorized'],
    [503, 'refused'],
    [408, 'timeout'],
  ])('ends when DESCRIBE is answered with %d', (status, reason) => {
    const d = new Dialogue(camera(only('DESCRIBE', { status }))).start();
    expect(d.end).toMatchObject({ kind: 'failed', reason });
  });

  it('ends on an SDP without media', () => {
    const d = new Dialogue(camera(only('DESCRIBE', { body: 'v=0\r\n' }))).start();
    expect(d.end).toMatchObject({ kind: 'failed', reason: 'protocol' });
  });

  it('times out when an answer stays away, and no later than 10 s', () => {
    const d = new Dialogue((request) =>
      request.method === 'DESCRIBE' ? undefined : plain(request),
    ).start();
    expect(d.session.nextDeadline).toBe(10_000);
    d.tick();
    expect(d.end).toMatchObject({ kind: 'failed', reason: 'timeout' });
  });
});

describe('ClientSession authentication', () => {
  const credentials = { username: 'admin', password: 's3cret' };
  const guarded =
    (verify: (request: RtspRequest) => boolean, challenge: () => string[]): Server =>
    (request) =>
      verify(request)
        ? plain(request)
        : { status: 401, headers: { 'WWW-Authenticate': challenge() } };

  it.each(['MD5', 'SHA-256'] as const)(
    'answers a Digest %s challenge once and keeps using it',
    (algorithm) => {
      const verifier = new DigestVerifier({ realm: 'cam', now: () => 0 });
      const offered = (): string[] =>
        verifier
          .challenges('peer')
          .filter((one) => one.includes('SHA-256') === (algorithm === 'SHA-256'));
      const secretOf = (username: string): string | undefined =>
        username === 'admin' ? ha1('admin', 'cam', 's3cret', algorithm) : undefined;
      const server = guarded((request) => {
        const header = request.headers.get('Authorization') ?? '';
        return verifier.verify({
          header,
          method: request.method,
          uri: request.uri,
          peer: 'peer',
          secretOf,
        }).ok;
      }, offered);
      const d = new Dialogue(server, { credentials }).start();
      expect(d.methods).toEqual(['OPTIONS', 'OPTIONS', 'DESCRIBE', 'SETUP', 'SETUP', 'PLAY']);
      expect(d.playing).toBe(true);
    },
  );

  it('answers old Digest without qop, and Basic', () => {
    const digest = guarded(
      (request) => request.headers.get('Authorization')?.startsWith('Digest ') === true,
      () => ['Digest realm=cam, nonce=abc'],
    );
    const d = new Dialogue(digest, { credentials }).start();
    expect(d.playing).toBe(true);
    expect(d.last('PLAY').headers.get('Authorization')).not.toContain('qop');
    const expected = `Basic ${Buffer.from('admin:s3cret').toString('base64')}`;
    const basic = guarded(
      (request) => request.headers.get('Authorization') === expected,
      () => ['Basic realm="cam"'],
    );
    expect(new Dialogue(basic, { credentials }).start().playing).toBe(true);
  });

  it('repeats every request when the nonce changes each time', () => {
    let nonce = 0;
    const server: Server = (request) =>
      request.headers.get('Authorization')?.includes(`nonce="${nonce}"`) === true
        ? (nonce++, plain(request))
        : { status: 401, headers: { 'WWW-Authenticate': [`Digest realm="c", nonce="${nonce}"`] } };
    const d = new Dialogue(server, { credentials }).start();
    expect(d.playing).toBe(true);
    expect(d.methods).toHaveLength(10);
  });

  it('tries a wrong password once only', () => {
    const d = new Dialogue(
      guarded(
        () => false,
        () => ['Digest realm="c", nonce="n"'],
      ),
      { credentials },
    ).start();
    expect(d.requests).toHaveLength(2);
    expect(d.end).toEqual({ kind: 'failed', reason: 'unauthorized', detail: 'OPTIONS: 401 R' });
  });

  it('ends at once without credentials', () => {
    const d = new Dialogue(
      guarded(
        () => false,
        () => ['Digest realm="c", nonce="n"'],
      ),
    ).start();
    expect(d.requests).toHaveLength(1);
    expect(d.end).toMatchObject({ reason: 'unauthorized' });
  });
});
