import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '@nightjar/common';
import { parseMediaProperties, parseTransport, type RtspResponse } from '@nightjar/rtsp';
import type { MountMedia } from './mount.js';
import type { RtspServer } from './rtsp-server.js';
import { TestClient } from './testing/test-client.js';
import { TestMount, rtp } from './testing/test-mount.js';
import { startServer } from './testing/test-server.js';

const TCP = { Transport: 'RTP/AVP/TCP;unicast;interleaved=0-1' };

const RECORDING: MountMedia = {
  properties: {
    seeking: 'random',
    content: 'immutable',
    retention: 'unlimited',
    scales: [[0.25, 64]],
  },
  ranges: ['npt=0.000-10.000'],
  units: ['npt', 'clock'],
};

describe('RTSP 2.0', () => {
  let mount: TestMount;
  let clock: ManualClock;
  let server: RtspServer;
  let client: TestClient;
  let base: string;

  const setUp = (headers: Record<string, string> = TCP, track = 0): Promise<RtspResponse> =>
    client.ask('SETUP', `${base}/trackID=${track}`, headers);

  async function session(headers: Record<string, string> = TCP): Promise<{ Session: string }> {
    const answer = await setUp(headers);
    expect(answer.status).toBe(200);
    return { Session: answer.headers.get('Session')!.split(';')[0]! };
  }

  beforeEach(async () => {
    mount = new TestMount();
    clock = new ManualClock();
    server = await startServer(mount, clock);
    base = `rtsp://127.0.0.1:${server.port}/front`;
    client = await TestClient.open(server.port);
    client.version = 'RTSP/2.0';
  });

  afterEach(async () => {
    client.socket.destroy();
    await server.close();
  });

  it('is answered in its version, and a later one with 505 in the highest there is', async () => {
    expect((await client.ask('OPTIONS', '*')).version).toBe('RTSP/2.0');
    client.version = 'RTSP/3.0';
    const later = await client.ask('OPTIONS', '*', { CSeq: '77' });
    expect([later.version, later.status, later.headers.get('CSeq')]).toEqual([
      'RTSP/2.0',
      505,
      '77',
    ]);
    client.version = 'RTSP/1.0';
    expect((await client.ask('OPTIONS', '*')).version).toBe('RTSP/1.0');
  });

  it('answers a request without CSeq with 400 and no CSeq, and goes on', async () => {
    client.socket.write('OPTIONS * RTSP/2.0\r\n\r\n');
    const answer = await client.next();
    expect('status' in answer && [answer.status, answer.headers.has('CSeq')]).toEqual([400, false]);
    expect((await client.ask('OPTIONS', '*')).headers.has('Date')).toBe(true);
  });

  it('is also what a broken request is told in, once it was spoken', async () => {
    await client.ask('OPTIONS', '*');
    client.socket.write(`OPTIONS * RTSP/2.0\r\nCSeq: 5\r\nContent-Length: 9999999\r\n\r\n`);
    const answer = await client.next();
    expect('status' in answer && [answer.version, answer.status, answer.reason]).toEqual([
      'RTSP/2.0',
      413,
      'Request Message Body Too Large',
    ]);
  });

  it('tells its features whenever it is asked for them, with errors too', async () => {
    const answers = [
      await client.ask('OPTIONS', '*', { Supported: 'play.basic' }),
      await client.ask('DESCRIBE', `${base}x`, { Supported: 'play.basic' }),
      await client.ask('PLAY', base, { Supported: '', Session: 'none' }),
    ];
    expect(answers.map(({ status, headers }) => [status, headers.get('Supported')])).toEqual(
      [200, 404, 454].map((status) => [
        status,
        'play.basic, setup.rtp.rtcp.mux, play.scale, play.speed, onvif-replay, www.onvif.org/ver20/backchannel',
      ]),
    );
  });

  it('keeps a session to the version of its first SETUP', async () => {
    const headers = await session();
    client.version = 'RTSP/1.0';
    expect((await client.ask('PLAY', base, headers)).status).toBe(400);
    expect((await setUp({ ...TCP, ...headers }, 1)).status).toBe(400);
    client.version = 'RTSP/2.0';
    expect((await client.ask('PLAY', base, headers)).status).toBe(200);
  });

  it('tells at SETUP what the media allow, and again when it is asked', async () => {
    const live = await setUp();
    expect(live.headers.get('Accept-Ranges')).toBe('npt');
    expect(live.headers.get('Media-Properties')).toBe(
      'No-Seeking, Time-Progressing, Time-Duration=0.0',
    );
    expect(live.headers.get('Media-Range')).toBe('npt=now-');
    mount.allows = RECORDING;
    const headers = { Session: live.headers.get('Session')!.split(';')[0]! };
    const asked = await client.ask('GET_PARAMETER', base, {
      ...headers,
      'Media-Properties': '',
      'Accept-Ranges': '',
    });
    expect(parseMediaProperties(asked.headers.get('Media-Properties')!)).toEqual(
      RECORDING.properties,
    );
    expect([asked.headers.get('Accept-Ranges'), asked.headers.has('Media-Range')]).toEqual([
      'npt, clock',
      false,
    ]);
  });

  it('says nothing of that in 1.0', async () => {
    client.version = 'RTSP/1.0';
    const answer = await setUp();
    const names = ['Accept-Ranges', 'Media-Properties', 'Media-Range'];
    expect(names.filter((name) => answer.headers.has(name))).toEqual([]);
  });

  it('answers PLAY with Range, Seek-Style and the RTP-Info of its kind', async () => {
    mount.allows = RECORDING;
    mount.answer = { range: 'npt=2.000-10.000' };
    const headers = await session();
    const answer = await client.ask('PLAY', base, { ...headers, Range: 'npt=3-' });
    expect(answer.headers.get('RTP-Info')).toBe(
      `url="${base}/trackID=0" ssrc=00000009:seq=1;rtptime=0`,
    );
    expect([answer.headers.get('Range'), answer.headers.get('Seek-Style')]).toEqual([
      'npt=2.000-10.000',
      'RAP',
    ]);
    const paused = await client.ask('PAUSE', base, { ...headers, Range: 'npt=4' });
    expect([paused.status, paused.headers.has('Range'), mount.pauses]).toEqual([
      200,
      true,
      [undefined],
    ]);
    expect((await client.ask('PAUSE', base, headers)).status).toBe(200);
  });

  it.each([
    ['First-Prior', 'First-Prior'],
    ['CoRAP', 'CoRAP'],
    ['Nearest', undefined],
  ])('hands on Seek-Style: %s, and says how it was done', async (asked, style) => {
    mount.allows = RECORDING;
    mount.answer = style === undefined ? {} : { seekStyle: 'First-Prior' };
    const headers = await session();
    const answer = await client.ask('PLAY', base, { ...headers, 'Seek-Style': asked });
    expect(mount.plays.at(-1)?.seekStyle).toBe(style);
    expect(answer.headers.get('Seek-Style')).toBe(style === undefined ? 'RAP' : 'First-Prior');
  });

  it.each([
    ['npt=now-', 200],
    ['npt=0-', 200],
    ['npt=10-', 456],
    ['clock=20260131T120000Z-', 456],
    ['frames=1-2', 456],
    ['npt=x', 400],
  ])('answers Range: %s of a stream that cannot seek with %d', async (range, status) => {
    const headers = await session();
    const answer = await client.ask('PLAY', base, { ...headers, Range: range });
    expect(answer.status).toBe(status);
    expect(answer.headers.get('Accept-Ranges')).toBe(status === 456 ? 'npt' : undefined);
  });

  it('replaces what plays, where 1.0 puts a PLAY behind it', async () => {
    const headers = await session();
    await client.ask('PLAY', base, headers);
    client.version = 'RTSP/1.0';
    const old = await session({ Transport: 'RTP/AVP/TCP;unicast;interleaved=4-5' });
    await client.ask('PLAY', base, old);
    await client.ask('PLAY', base, { ...old, Immediate: 'yes' });
    expect(mount.plays.map(({ queue }) => queue)).toEqual([false, true, false]);
  });

  it('lets what plays go on when the PLAY after it is refused', async () => {
    const headers = await session();
    await client.ask('PLAY', base, headers);
    const refused = [await client.ask('PLAY', base, { ...headers, Range: 'npt=x' })];
    refused.push(await client.ask('PLAY', base, { ...headers, Range: 'npt=5-' }));
    expect(refused.map(({ status }) => status)).toEqual([400, 456]);
    expect(mount.plays).toHaveLength(1);
    const state = { ...headers, 'Content-Type': 'text/parameters' };
    const asked = await client.ask('GET_PARAMETER', base, state, 'state\r\n');
    expect(asked.body.toString()).toBe('state: playing\r\n');
  });

  describe('pipelined requests', () => {
    it('share the session of the SETUP before them, on their connection alone', async () => {
      const named = { 'Pipelined-Requests': '7' };
      const request = (method: string, track: string, more: string): string =>
        `${method} ${base}${track} RTSP/2.0\r\nCSeq: 1\r\nPipelined-Requests: 7\r\n${more}\r\n`;
      const transport = (pair: string): string =>
        `Transport: RTP/AVP/TCP;unicast;interleaved=${pair}\r\n`;
      client.socket.write(
        request('SETUP', '/trackID=0', transport('0-1')) +
          request('SETUP', '/trackID=1', transport('2-3')) +
          request('PLAY', '', ''),
      );
      const answers: RtspResponse[] = [];
      while (answers.length < 3) {
        const arrival = await client.next();
        if ('status' in arrival) answers.push(arrival);
      }
      const sessions = answers.map((one) => one.headers.get('Session')?.split(';')[0]);
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
      expect(new Set(sessions).size).toBe(1);
      const other = await TestClient.open(server.port);
      other.version = 'RTSP/2.0';
      expect((await other.ask('PAUSE', base, named)).status).toBe(454);
      other.socket.destroy();
    });

    it('name nothing after a SETUP that failed, or a TEARDOWN', async () => {
      const named = { 'Pipelined-Requests': '7' };
      const refused = await setUp({ Transport: 'RTP/AVP;multicast', ...named });
      expect(refused.status).toBe(461);
      expect((await client.ask('PLAY', base, named)).status).toBe(454);
      await setUp({ ...TCP, ...named });
      expect((await client.ask('TEARDOWN', base, named)).status).toBe(200);
      expect((await client.ask('PLAY', base, named)).status).toBe(454);
    });

    it('give way to a Session header', async () => {
      await setUp({ ...TCP, 'Pipelined-Requests': '7' });
      const headers = { 'Pipelined-Requests': '7', Session: 'none' };
      expect((await client.ask('PLAY', base, headers)).status).toBe(454);
    });
  });

  describe('addresses', () => {
    it('are answered in their spelling, to the peer alone', async () => {
      const answer = await setUp({
        Transport: 'RTP/AVP/UDP;unicast;dest_addr="127.0.0.1:5000"/":5001"',
      });
      expect(answer.headers.get('Transport')).toMatch(
        /^RTP\/AVP;unicast;dest_addr="127.0.0.1:5000"\/"127.0.0.1:5001";src_addr=":\d+"\/":\d+"$/,
      );
    });

    it.each([
      ['dest_addr="192.0.2.1:5000"/"192.0.2.1:5001"', 463],
      ['dest_addr=":5000"/"192.0.2.1:5001"', 463],
      ['destination=192.0.2.1;client_port=5000-5001', 200],
      ['client_port=5000-5001', 200],
      ['x-more=1;client_port=5000-5001', 461],
    ])('%s is %d', async (parameters, status) => {
      const answer = await setUp({ Transport: `RTP/AVP;unicast;${parameters}` });
      expect(answer.status).toBe(status);
      expect(answer.headers.get('Transport') ?? '').not.toContain('192.0.2.1');
    });

    it('of other hosts are passed over for the next alternative', async () => {
      const transport = `RTP/AVP;unicast;dest_addr="192.0.2.1:5000",${TCP.Transport}`;
      expect((await setUp({ Transport: transport })).headers.get('Transport')).toContain(
        'interleaved=0-1',
      );
    });

    it('let RTCP share the port of RTP, in both directions', async () => {
      const player = createSocket('udp4').bind(0, '127.0.0.1');
      await once(player, 'listening');
      const { port } = player.address();
      const answer = await setUp({
        Transport: `RTP/AVP/UDP;unicast;RTCP-mux;dest_addr=":${port}"`,
      });
      const [spec] = parseTransport(answer.headers.get('Transport')!);
      expect(spec).toMatchObject({ rtcpMux: true, destAddr: [{ port }] });
      const headers = { Session: answer.headers.get('Session')!.split(';')[0]! };
      const first = once(player, 'message');
      await client.ask('PLAY', base, headers);
      expect((await first)[0]).toEqual(rtp(1));
      const goodbye = once(player, 'message');
      mount.outputs[0]!.end();
      clock.advance(1000);
      const [bye, from] = (await goodbye) as [Buffer, { port: number }];
      expect([bye.includes(203), from.port]).toEqual([true, spec!.srcAddr![0]!.port]);
      clock.advance(60_000);
      const report = Buffer.from([0x80, 201, 0, 1, 0, 0, 0, 1]);
      const received = new Promise((resolve) => {
        player.send(report, from.port, '127.0.0.1', resolve);
      });
      await received;
      // What the report did is seen once a later datagram and request have made their way.
      await client.ask('OPTIONS', '*');
      await client.ask('OPTIONS', '*');
      clock.advance(60_000);
      expect(server.countSessions('udp')).toBe(1);
      clock.advance(20_000);
      expect(server.countSessions('udp')).toBe(0);
      player.close();
    });

    it('without a second one are sent no RTCP', async () => {
      const player = createSocket('udp4').bind(0, '127.0.0.1');
      await once(player, 'listening');
      const arrived: Buffer[] = [];
      player.on('message', (packet: Buffer) => arrived.push(packet));
      const headers = await session({
        Transport: `RTP/AVP/UDP;unicast;dest_addr=":${player.address().port}"`,
      });
      await client.ask('PLAY', base, headers);
      mount.outputs[0]!.end();
      mount.outputs[0]!.send(0, rtp(2), false);
      clock.advance(1000);
      while (arrived.length < 2) await once(player, 'message');
      expect(arrived).toEqual([rtp(1), rtp(2)]);
      player.close();
    });
  });

  describe('notices', () => {
    async function playing(): Promise<{ Session: string }> {
      const headers = await session();
      await client.ask('PLAY', base, { ...headers, CSeq: '853' });
      return headers;
    }

    it('tell the end of the stream, with what was asked for and the last packet', async () => {
      mount.answer = { scale: 2 };
      const headers = await playing();
      mount.outputs[0]!.notify!({
        kind: 'end-of-stream',
        range: 'npt=0.000-10.000',
        rtpInfo: [{ track: 0, ssrc: 9, seq: 41 }],
      });
      const notice = await client.nextRequest();
      expect([notice.method, notice.version, notice.uri]).toEqual([
        'PLAY_NOTIFY',
        'RTSP/2.0',
        base,
      ]);
      expect(Object.fromEntries(notice.headers.entries())).toMatchObject({
        CSeq: '1',
        Session: headers.Session,
        'Notify-Reason': 'end-of-stream',
        'Request-Status': 'cseq=853 status=200 reason="OK"',
        Range: 'npt=0.000-10.000',
        Scale: '2.000',
        'RTP-Info': `url="${base}/trackID=0" ssrc=00000009:seq=41`,
      });
      client.socket.write('RTSP/2.0 200 OK\r\nCSeq: 1\r\n\r\n');
      expect((await client.ask('PLAY', base, headers)).status).toBe(200);
    });

    it('tell changes of the media and of the scale', async () => {
      await playing();
      mount.allows = RECORDING;
      mount.outputs[0]!.notify!({ kind: 'media-properties-update' });
      const media = await client.nextRequest();
      expect(media.headers.get('Media-Properties')).toContain('Immutable');
      expect(media.headers.has('Date')).toBe(true);
      mount.outputs[0]!.notify!({
        kind: 'scale-change',
        range: 'npt=9.000-',
        scale: 1,
        rtpInfo: [{ track: 0, ssrc: 9, seq: 3, rtptime: 4 }],
      });
      const scale = await client.nextRequest();
      expect(['Notify-Reason', 'Scale', 'Range'].map((name) => scale.headers.get(name))).toEqual([
        'scale-change',
        '1.000',
        'npt=9.000-',
      ]);
    });

    it.each([
      ['shutdown', 'Server-Admin'],
      ['timeout', 'Session-Timeout'],
      ['playback-failed', 'Internal-Error'],
    ])('tell why a session is ended: %s', async (reason, cause) => {
      const headers = await playing();
      const closed = once(client.socket, 'close');
      server.endSessions(() => true, reason);
      const notice = await client.nextRequest();
      expect([notice.method, notice.headers.get('Session')]).toEqual(['TEARDOWN', headers.Session]);
      expect(notice.headers.get('Terminate-Reason')).toBe(`${cause};user-msg="${reason}"`);
      await closed;
    });

    it('reach a client that a mount sends away, behind a goodbye', async () => {
      await playing();
      await client.next();
      mount.outputs[0]!.cut('stream-removed');
      const bye = await client.next();
      expect('channel' in bye && [bye.channel, bye.bytes.includes(203)]).toEqual([1, true]);
      expect((await client.nextRequest()).method).toBe('TEARDOWN');
    });

    it('are not for clients of 1.0', async () => {
      client.version = 'RTSP/1.0';
      const headers = await playing();
      expect(mount.outputs[0]!.notify).toBeUndefined();
      mount.outputs[0]!.cut('stream-removed');
      await once(client.socket, 'close');
      expect([client.requests, headers.Session.length]).toEqual([[], 32]);
    });
  });

  it('knows a description by its tag', async () => {
    const described = await client.ask('DESCRIBE', base);
    const tag = described.headers.get('MTag')!;
    expect(described.body.toString()).toContain(`a=mtag:${tag}`);
    const again = await client.ask('DESCRIBE', base, { 'If-None-Match': `"x", ${tag}` });
    expect([again.status, again.body.length]).toEqual([304, 0]);
    expect((await setUp({ ...TCP, 'If-Match': '"x"' })).status).toBe(412);
    expect((await setUp({ ...TCP, 'If-Match': tag })).status).toBe(200);
  });
});
