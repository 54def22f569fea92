import { beforeEach, describe, expect, it } from '@jest/globals';
import { createMasterKey } from '@nightjar/rtp';
import { parseChallenges } from './auth/index.js';
import type { ClientSessionOptions } from './client/client-session.js';
import {
  parseCSeq,
  parseKeyMgmt,
  parseRtpInfo,
  parseSession,
  parseTransport,
} from './headers/index.js';
import { createMikey, parseMikey, printKeyMgmtAttribute } from './mikey/index.js';
import {
  Dialogue,
  SDP,
  URL_1,
  VIDEO,
  camera,
  only,
  plain,
  type Server,
} from './client/testing/dialogue.js';
import { RtspStreamParser, type RtspRequest, type RtspResponse } from './messages/index.js';
import { parseSdp, type SdpTrack } from './sdp/index.js';
import { TOLERATED_SIGNALLING, type SignallingTolerance } from './tolerated.js';

/** What a camera does, and what must come of it all the same. */
type Fixture = () => void;

/** What was noted while a fixture ran. */
let noted: Set<SignallingTolerance>;
const note = (what: SignallingTolerance): void => void noted.add(what);

function messagesOf(wire: string): (RtspRequest | RtspResponse)[] {
  const messages: (RtspRequest | RtspResponse)[] = [];
  const parser = new RtspStreamParser({
    message: (message) => messages.push(message),
    interleaved: () => undefined,
  });
  parser.push(Buffer.from(wire));
  return messages;
}

const headerOf = (wire: string, name: string): string => {
  const [message] = messagesOf(`RTSP/1.0 200 OK\r\n${wire}\r\n\r\n`);
  return message?.headers.get(name) ?? '';
};

const sessionOf = (text: string) => parseSdp(text, note);
const trackOf = (sections: string): SdpTrack => sessionOf(sections).tracks[0]!;
const kindsOf = (sections: string): string[] =>
  sessionOf(sections).tracks.map(({ format }) => format.kind);
const ORIGIN = 'v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\n';

/** Plays against a camera that is plain but for `overrides`. */
const played = (overrides: Server, options?: Partial<ClientSessionOptions>): Dialogue =>
  playedAll(camera(overrides), options);

/** Plays against a camera, and shows that it comes to a picture. */
function playedAll(server: Server, options: Partial<ClientSessionOptions> = {}): Dialogue {
  const d = new Dialogue(server, options).start();
  expect(d.end).toBeUndefined();
  expect(d.playing).toBe(true);
  expect(d.ready[0]!.track.format.kind).toBe('video');
  d.tolerated.forEach(note);
  return d;
}

const described = (body: string, headers: Record<string, string> = {}): Server =>
  only('DESCRIBE', { headers, body });
const video = (control: string): string =>
  `${ORIGIN}m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:${control}\r\n`;
const setupUri = (d: Dialogue): string => d.requests.find(({ method }) => method === 'SETUP')!.uri;
/** Where the only track is asked for, of a description with this base. */
const setupAt = (base: string, control = 't'): string =>
  setupUri(played(described(video(control), { 'Content-Base': base })));
const credentials = { username: 'admin', password: 's3cret' };
/** Plays against a camera that wants a login, under the nonce that is good at the moment. */
const guarded =
  (challenge: () => string, isGood: (authorization: string) => boolean): Server =>
  (request) =>
    isGood(request.headers.get('Authorization') ?? '')
      ? plain(request)
      : { status: 401, headers: { 'WWW-Authenticate': [challenge()] } };

const FIXTURES: Readonly<Record<SignallingTolerance, Fixture>> = {
  'space-behind-values': () => expect(parseCSeq(headerOf('CSeq: 7 ', 'CSeq'))).toBe(7),
  'space-before-session': () =>
    expect(parseSession(headerOf('Session:        708345999', 'Session')).id).toBe('708345999'),
  'header-case': () => expect(headerOf('Cseq: 7', 'CSEQ')).toBe('7'),
  'bare-line-feeds': () =>
    expect(
      messagesOf('\r\n\nRTSP/1.0 200 OK\nCSeq: 1\n\n\r\nRTSP/1.0 404 Gone\nCSeq: 2\n\n').length,
    ).toBe(2),
  'session-without-timeout': () => expect(parseSession('12').timeoutSeconds).toBeUndefined(),
  'session-timeout-zero': () => expect(parseSession('1;timeout=0').timeoutSeconds).toBeUndefined(),
  'short-ssrc': () =>
    expect(parseTransport('RTP/AVP/TCP;unicast;interleaved=0-1;ssrc= d6d6627')[0]).toMatchObject({
      interleaved: [0, 1],
    }),
  'ssrc-first': () =>
    expect(parseTransport('ssrc=1234;RTP/AVP/TCP;interleaved=0-1')[0]).toMatchObject({
      lower: 'TCP',
    }),
  'interleaved-without-tcp': () =>
    expect(parseTransport('RTP/AVP;unicast;interleaved=0-1')[0]?.lower).toBe('TCP'),
  'single-channel': () =>
    expect(parseTransport('RTP/AVP/TCP;interleaved=4')[0]?.interleaved).toEqual([4, 5]),
  'neither-cast': () =>
    expect(parseTransport('RTP/AVP;client_port=5000-5001')[0]?.unicast).toBe(true),
  'mode-receive': () =>
    expect(parseTransport('RTP/AVP/TCP;interleaved=0-1;mode=receive')[0]?.mode).toBe('RECORD'),
  'rtp-info-semicolon': () =>
    expect(parseRtpInfo('url=rtsp://c/t;seq=1;rtptime=2;')).toEqual([
      { url: 'rtsp://c/t', seq: 1, rtptime: 2 },
    ]),
  'rtp-info-relative': () =>
    expect(parseRtpInfo('url=trackID=1;ssrc=ab;seq=9')[0]).toMatchObject({ seq: 9 }),
  'digest-without-qop': () => {
    const server = guarded(
      () => 'Digest realm="c", nonce="n"',
      (answer) => answer.startsWith('Digest '),
    );
    const d = played(server, { credentials });
    expect(d.last('PLAY').headers.get('Authorization')).not.toContain('qop');
  },
  'unquoted-challenge': () =>
    expect(parseChallenges(['Digest realm=cam, nonce=abc'])).toEqual([
      { scheme: 'Digest', realm: 'cam', nonce: 'abc' },
    ]),
  'challenge-each-request': () => {
    let nonce = 0;
    const server = guarded(
      () => `Digest realm="c", nonce="${(nonce += 1)}"`,
      (answer) => answer.includes(`nonce="${nonce}"`) && (nonce += 1) > 0,
    );
    expect(played(server, { credentials }).methods).toHaveLength(10);
  },
  'user-agent-wanted': () =>
    void played((request) => (request.headers.has('User-Agent') ? undefined : { status: 401 })),

  'no-origin': () => expect(kindsOf(`v=0\r\n${VIDEO}`)).toEqual(['video']),
  'several-names': () => expect(sessionOf(`${ORIGIN}s=b\r\n${VIDEO}`).name).toBe('-'),
  'broken-connection-line': () =>
    expect(
      kindsOf(`${ORIGIN}c=IN\r\nt=now\r\n${VIDEO}c=IN 10.0.0.1\r\nc=SM SM spk0_trackID2\r\n`),
    ).toEqual(['video']),
  'no-final-line-end': () => expect(kindsOf(VIDEO.trimEnd())).toEqual(['video']),
  'space-behind-rtpmap': () =>
    expect(trackOf('m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000   \r\n').format.codec).toBe(
      'h264',
    ),
  'empty-fmtp': () => expect(trackOf(`${VIDEO}a=fmtp:96\r\n`).format.fmtp).toEqual({}),
  'fmtp-semicolon': () =>
    expect(trackOf(`${VIDEO}a=fmtp:96 packetization-mode=1;\r\n`).format.fmtp).toEqual({
      'packetization-mode': '1',
    }),
  'fmtp-first': () =>
    expect(
      trackOf('m=video 0 RTP/AVP 96\r\na=fmtp:96 a=b\r\na=rtpmap:96 H264/90000\r\n').format,
    ).toMatchObject({ codec: 'h264', fmtp: { a: 'b' } }),
  'fmtp-elsewhere': () =>
    expect(
      trackOf(`${VIDEO}m=audio 0 RTP/AVP 0\r\na=fmtp:96 packetization-mode=1\r\n`).format.fmtp,
    ).toEqual({ 'packetization-mode': '1' }),
  'foreign-section': () =>
    expect(
      kindsOf(
        `${ORIGIN}m=video x y z\r\n${VIDEO}m=application/TP-LINK 0 RTP/AVP smart/1/90000\r\n`,
      ),
    ).toEqual(['video']),
  'foreign-attributes': () =>
    expect(
      trackOf(
        `${VIDEO}a=Media_header:MEDIAINFO=494D4B48;\r\na=rtcp-fb:* nack pli\r\na=ts-refclk:ptp=IEEE1588-2008\r\n`,
      ).control,
    ).toBe('trackID=0'),
  'control-anywhere': () => {
    const session = sessionOf(
      `v=0\r\na=tool:x\r\na=control:*\r\nm=video 0 RTP/AVP 96\r\na=control:t\r\na=rtpmap:96 H264/90000\r\n`,
    );
    expect([session.control, session.tracks[0]?.control]).toEqual(['*', 't']);
  },
  'static-without-rtpmap': () =>
    expect(trackOf('m=audio 0 RTP/AVP 0\r\n').format.codec).toBe('pcmu'),
  'static-type-2': () =>
    expect(trackOf('m=audio 0 RTP/AVP 2\r\n').format).toMatchObject({
      encodingName: 'G726-32',
      clockRateHz: 8_000,
    }),
  'low-type': () =>
    expect(trackOf('m=video 0 RTP/AVP 35\r\na=rtpmap:35 H264/90000\r\n').format).toMatchObject({
      codec: 'h264',
      payloadType: 35,
    }),
  'g711-misnamed': () =>
    expect(trackOf('m=audio 0 RTP/AVP 8\r\na=rtpmap:8 PCMU/8000\r\n').format.codec).toBe('pcma'),
  'opus-clock': () =>
    expect(trackOf('m=audio 0 RTP/AVP 97\r\na=rtpmap:97 opus/16000/1\r\n').format.clockRateHz).toBe(
      48_000,
    ),
  'type-in-rtpmap-alone': () =>
    expect(trackOf('m=video 0 RTP/AVP\r\na=rtpmap:96 H264/90000\r\n').format.payloadType).toBe(96),
  'number-of-ports': () =>
    expect(trackOf('m=video 0/2 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n').format.codec).toBe(
      'h264',
    ),
  'all-back-channels': () => expect(trackOf(`${VIDEO}a=sendonly\r\n`).direction).toBe('recvonly'),
  'picture-as-back-channel': () => {
    const body = `${ORIGIN}${VIDEO}a=sendonly\r\nm=audio 0 RTP/AVP 0\r\na=recvonly\r\na=control:1\r\n`;
    expect(played(described(body)).ready.length).toBe(2);
  },

  'describe-before-setup': () =>
    expect(played(() => undefined).methods.slice(0, 3)).toEqual(['OPTIONS', 'DESCRIBE', 'SETUP']),
  'options-unknown': () => void played(only('OPTIONS', { status: 501 })),
  'no-content-type': () => void played(described(video('t'))),
  'no-content-base': () => expect(setupUri(played(described(video('t'))))).toBe(`${URL_1}/t`),
  'base-without-scheme': () => expect(setupAt('cam.test/live/')).toBe(`${URL_1}/t`),
  'base-with-two-schemes': () => expect(setupAt('rtsp://rtsp://cam.test/live/')).toBe(`${URL_1}/t`),
  'base-with-mapped-address': () =>
    expect(setupAt('rtsp://::ffff:10.0.0.1/x/')).toBe('rtsp://10.0.0.1/x/t'),
  'base-without-host': () => expect(setupAt('/other/')).toBe('rtsp://cam.test/other/t'),
  'base-with-login': () => expect(setupAt('rtsp://u:p@cam.test/live/')).toBe(`${URL_1}/t`),
  'query-in-base': () =>
    expect(setupAt('rtsp://cam.test/cam/realmonitor?channel=1&subtype=0/', 'trackID=0')).toBe(
      'rtsp://cam.test/cam/realmonitor?channel=1&subtype=0/trackID=0',
    ),
  'control-with-slash': () => expect(setupAt(`${URL_1}/`, '/t')).toBe(`${URL_1}/t`),
  'no-track-control': () =>
    expect(
      setupUri(played(described(`${ORIGIN}m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n`))),
    ).toBe(URL_1),
  'no-cseq': () =>
    void played((request) => ({
      ...plain(request),
      headers: { ...plain(request).headers, CSeq: 'none' },
    })),
  'no-session': () => void played(only('SETUP', { headers: {} })),
  'session-per-setup': () => {
    let count = 0;
    const d = played(
      only('SETUP', (request) => ({
        headers: {
          Session: `s${(count += 1)}`,
          Transport: request.headers.get('Transport') ?? '',
        },
      })),
    );
    expect(d.last('PLAY').headers.get('Session')).toBe('s1');
  },
  'no-server-ports': () => {
    for (const ports of ['', ';server_port=0-0']) {
      const d = played(only('SETUP', { headers: { Session: 'a', Transport: `RTP/AVP${ports}` } }), {
        transport: 'udp',
      });
      expect(d.ready[0]!.carriage).toMatchObject({ lower: 'udp', serverPorts: undefined });
    }
  },
  'other-channels': () =>
    expect(
      played(
        only('SETUP', ({ uri }) => ({
          headers: {
            Session: 'a',
            Transport: `RTP/AVP/TCP;interleaved=${uri.endsWith('0') ? '4-5' : '2-3'}`,
          },
        })),
      ).ready.map(({ carriage }) => carriage),
    ).toMatchObject([{ rtpChannel: 4 }, { rtpChannel: 2 }]),
  'bare-transport': () =>
    expect(
      played(only('SETUP', { headers: { Session: 'a', Transport: 'RTP/AVP;unicast' } })).ready.map(
        ({ carriage }) => carriage,
      ),
    ).toMatchObject([{ rtpChannel: 0 }, { rtpChannel: 2 }]),
  'channels-twice': () =>
    expect(
      played(only('SETUP', { headers: { Session: 'a', Transport: 'RTP/AVP/TCP;interleaved=0-1' } }))
        .ready.length,
    ).toBe(1),
  'sound-refused': () =>
    expect(
      played(only('SETUP', ({ uri }) => (uri.endsWith('1') ? { status: 453 } : undefined))).ready
        .length,
    ).toBe(1),
  'back-channel-refused': () => {
    const body = `${SDP}m=audio 0 RTP/AVP 8\r\na=control:talk\r\na=sendonly\r\n`;
    const server: Server = (request) => {
      if (request.method === 'DESCRIBE') return { body };
      return request.uri.endsWith('talk') ? { status: 453 } : undefined;
    };
    const d = played(server, { backchannel: true });
    expect([d.ready.length, d.backchannel]).toEqual([2, undefined]);
    expect(d.last('PLAY').headers.has('Require')).toBe(false);
  },
  'unasked-back-channel': () =>
    expect(
      played(described(`${SDP}a=recvonly\r\nm=audio 0 RTP/AVP 8\r\na=sendonly\r\n`)).ready.length,
    ).toBe(2),
  'unfragmented-over-udp': () =>
    expect(
      played(described(`${ORIGIN}${VIDEO}a=fmtp:96 packetization-mode=0\r\n`), {
        transport: 'udp',
        fallback: true,
      }).ready[0]!.carriage.lower,
    ).toBe('tcp'),
  'own-key-wanted': () => {
    const key = { ...createMasterKey(), mki: Buffer.alloc(0) };
    const offered = printKeyMgmtAttribute(createMikey(key, [{ ssrc: 9, roc: 0 }]), 0 as never);
    const body = `${ORIGIN}${VIDEO.replace('AVP', 'SAVP')}a=key-mgmt:${offered}\r\n`;
    const identifierOf = ({ headers }: RtspRequest): Buffer =>
      parseMikey(parseKeyMgmt(headers.get('KeyMgmt') ?? '')!.data).key.mki;
    const server: Server = (request) => {
      if (request.method === 'DESCRIBE') return { body };
      const refused = request.method === 'SETUP' && identifierOf(request).length !== 4;
      return refused ? { status: 463 } : undefined;
    };
    expect(
      played(server, { url: 'rtsps://cam.test/live' }).ready[0]!.keys?.receive.mki,
    ).toHaveLength(4);
  },
  'srtp-in-the-open': () => {
    const d = played(described(SDP.replaceAll('AVP', 'SAVP')));
    expect(d.last('SETUP').headers.get('Transport')).toMatch(/^RTP\/AVP\/TCP/);
  },
  'range-refused': () => {
    for (const status of [456, 457]) {
      const refuses = only('PLAY', ({ headers }) =>
        headers.has('Range') ? { status } : undefined,
      );
      expect(played(refuses).methods.filter((method) => method === 'PLAY')).toHaveLength(2);
    }
  },
  'keep-alive-unknown': () => {
    const d = played(only('GET_PARAMETER', { status: 405 }));
    d.tick();
    d.tick();
    d.tolerated.forEach(note);
    expect(d.methods.at(-1)).toBe('OPTIONS');
  },
  'keep-alive-unanswered': () => {
    const server: Server = (request) =>
      request.method === 'GET_PARAMETER' ? undefined : plain(request);
    const d = playedAll(server);
    for (let i = 0; i < 3; i++) d.tick();
    expect(d.methods.slice(-3)).toEqual(Array.from({ length: 3 }, () => 'GET_PARAMETER'));
    expect(d.end).toBeUndefined();
  },
  'rtp-info-untrue': () =>
    void played(
      only('PLAY', {
        headers: { 'RTP-Info': `url=${URL_1}/trackID=0;seq=0;rtptime=4294967295` },
      }),
    ),
  'rtp-info-elsewhere': () =>
    void played(only('PLAY', { headers: { 'RTP-Info': 'url=rtsp://192.168.0.1/x;seq=5' } })),
  'rtp-info-garbage': () => void played(only('PLAY', { headers: { 'RTP-Info': ';;' } })),
};

describe('a camera that does what it should not, which is borne', () => {
  beforeEach(() => void (noted = new Set()));

  it.each(Object.entries(FIXTURES))('%s', (name, check) => {
    check();
    const { [name as SignallingTolerance]: tolerance } = TOLERATED_SIGNALLING;
    expect(noted.has(name as SignallingTolerance)).toBe('noted' in tolerance);
  });
});
