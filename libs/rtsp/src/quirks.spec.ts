import { describe, expect, it } from '@jest/globals';
import { parseCSeq, parseRtpInfo, parseSession, parseTransport } from './headers/index.js';
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

/** One way in which cameras do not do as they should, and what must come of it all the same. */
type Quirk = readonly [seen: string, check: () => void];

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

const HEADERS: readonly Quirk[] = [
  [
    'Longse: white space behind a value',
    () => expect(parseCSeq(headerOf('CSeq: 7 ', 'CSeq'))).toBe(7),
  ],
  [
    'Hikvision: white space before the session id',
    () =>
      expect(parseSession(headerOf('Session:        708345999', 'Session')).id).toBe('708345999'),
  ],
  ['names in another case', () => expect(headerOf('Cseq: 7', 'CSEQ')).toBe('7')],
  [
    'bare line feeds, and empty lines between messages',
    () =>
      expect(
        messagesOf('\r\n\nRTSP/1.0 200 OK\nCSeq: 1\n\n\r\nRTSP/1.0 404 Gone\nCSeq: 2\n\n').length,
      ).toBe(2),
  ],
  [
    'Reolink: a session without timeout',
    () => expect(parseSession('12').timeoutSeconds).toBeUndefined(),
  ],
  [
    'a session whose timeout is 0',
    () => expect(parseSession('1;timeout=0').timeoutSeconds).toBeUndefined(),
  ],
  [
    'Hikvision: an SSRC of seven digits behind a space',
    () =>
      expect(parseTransport('RTP/AVP/TCP;unicast;interleaved=0-1;ssrc= d6d6627')[0]).toMatchObject({
        interleaved: [0, 1],
      }),
  ],
  [
    'an SSRC before the protocol',
    () =>
      expect(parseTransport('ssrc=1234;RTP/AVP/TCP;interleaved=0-1')[0]).toMatchObject({
        lower: 'TCP',
      }),
  ],
  [
    'Escam: interleaved channels without /TCP',
    () => expect(parseTransport('RTP/AVP;unicast;interleaved=0-1')[0]?.lower).toBe('TCP'),
  ],
  [
    'one channel where there should be two',
    () => expect(parseTransport('RTP/AVP/TCP;interleaved=4')[0]?.interleaved).toEqual([4, 5]),
  ],
  [
    'neither unicast nor multicast',
    () => expect(parseTransport('RTP/AVP;client_port=5000-5001')[0]?.unicast).toBe(true),
  ],
  [
    'live555 as a publisher: mode=receive',
    () =>
      expect(parseTransport('RTP/AVP/TCP;interleaved=0-1;mode=receive')[0]?.mode).toBe('RECORD'),
  ],
  [
    'Longse: a semicolon at the end of RTP-Info',
    () =>
      expect(parseRtpInfo('url=rtsp://c/t;seq=1;rtptime=2;')).toEqual([
        { url: 'rtsp://c/t', seq: 1, rtptime: 2 },
      ]),
  ],
  [
    'Dahua, Reolink: relative URLs and an SSRC in RTP-Info',
    () => expect(parseRtpInfo('url=trackID=1;ssrc=ab;seq=9')[0]).toMatchObject({ seq: 9 }),
  ],
];

const trackOf = (sections: string): SdpTrack => parseSdp(sections).tracks[0]!;
const kindsOf = (sections: string): string[] =>
  parseSdp(sections).tracks.map(({ format }) => format.kind);

const SDPS: readonly Quirk[] = [
  ['neither o= nor s=', () => expect(kindsOf(`v=0\r\n${VIDEO}`)).toEqual(['video'])],
  ['more than one s=', () => expect(kindsOf(`v=0\r\ns=a\r\ns=b\r\n${VIDEO}`)).toEqual(['video'])],
  ['a c= that is none', () => expect(kindsOf(`v=0\r\nc=IN IP4\r\n${VIDEO}`)).toEqual(['video'])],
  ['no line end at the end', () => expect(kindsOf(VIDEO.trimEnd())).toEqual(['video'])],
  [
    'white space behind an rtpmap',
    () =>
      expect(trackOf('m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000   \r\n').format.codec).toBe(
        'h264',
      ),
  ],
  [
    'Ubiquiti: an empty fmtp',
    () => expect(trackOf(`${VIDEO}a=fmtp:96\r\n`).format.fmtp).toEqual({}),
  ],
  [
    'Reolink: a semicolon at the end of fmtp',
    () =>
      expect(trackOf(`${VIDEO}a=fmtp:96 packetization-mode=1;\r\n`).format.fmtp).toEqual({
        'packetization-mode': '1',
      }),
  ],
  [
    'an fmtp in the section of another track',
    () =>
      expect(
        trackOf(`${VIDEO}m=audio 0 RTP/AVP 0\r\na=fmtp:96 packetization-mode=1\r\n`).format.fmtp,
      ).toEqual({ 'packetization-mode': '1' }),
  ],
  [
    'Tapo: a section of a protocol of its own',
    () =>
      expect(kindsOf(`${VIDEO}m=application/TP-LINK 0 RTP/AVP smart/1/90000\r\n`)).toEqual([
        'video',
      ]),
  ],
  [
    'Hikvision: a header of its own among the attributes',
    () =>
      expect(
        trackOf(`${VIDEO}a=Media_header:MEDIAINFO=494D4B48;\r\na=appversion:1.0\r\n`).control,
      ).toBe('trackID=0'),
  ],
  [
    'a control behind a tool line',
    () => expect(parseSdp(`v=0\r\na=tool:x\r\na=control:*\r\n${VIDEO}`).control).toBe('*'),
  ],
  [
    'no rtpmap for a static type',
    () => expect(trackOf('m=audio 0 RTP/AVP 0\r\n').format.codec).toBe('pcmu'),
  ],
  [
    'PCMU named on the type of PCMA',
    () =>
      expect(trackOf('m=audio 0 RTP/AVP 8\r\na=rtpmap:8 PCMU/8000\r\n').format.codec).toBe('pcma'),
  ],
  [
    'the type in the rtpmap alone',
    () =>
      expect(trackOf('m=video 0 RTP/AVP\r\na=rtpmap:96 H264/90000\r\n').format.payloadType).toBe(
        96,
      ),
  ],
  [
    'a number of ports',
    () =>
      expect(trackOf('m=video 0/2 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n').format.codec).toBe(
        'h264',
      ),
  ],
  [
    'lines of AES67 and of feedback',
    () =>
      expect(
        trackOf(
          `${VIDEO}a=rtcp-fb:* nack pli\r\na=ts-refclk:ptp=IEEE1588-2008\r\na=mediaclk:direct=0\r\n`,
        ).control,
      ).toBe('trackID=0'),
  ],
  [
    'a section that cannot be read',
    () => expect(kindsOf(`m=video x y z\r\n${VIDEO}`)).toEqual(['video']),
  ],
  [
    'every medium marked as a back channel',
    () => expect(trackOf(`${VIDEO}a=sendonly\r\n`).direction).toBe('recvonly'),
  ],
];

/** Plays against a camera that does `overrides`, and shows that it comes to a picture. */
function played(
  overrides: Server,
  options: ConstructorParameters<typeof Dialogue>[1] = {},
): Dialogue {
  const d = new Dialogue(camera(overrides), options).start();
  expect(d.end).toBeUndefined();
  expect(d.playing).toBe(true);
  expect(d.ready[0]!.track.format.kind).toBe('video');
  return d;
}

const described = (body: string, headers: Record<string, string> = {}): Server =>
  only('DESCRIBE', { headers, body });
const video = (control: string): string =>
  `v=0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:${control}\r\n`;
const setupUri = (d: Dialogue): string => d.requests.find(({ method }) => method === 'SETUP')!.uri;

const SESSIONS: readonly Quirk[] = [
  [
    'Hikvision: DESCRIBE is wanted before SETUP on every connection',
    () =>
      expect(played(() => undefined).methods.slice(0, 3)).toEqual(['OPTIONS', 'DESCRIBE', 'SETUP']),
  ],
  ['OPTIONS that is not known', () => void played(only('OPTIONS', { status: 501 }))],
  ['no Content-Type with a description', () => void played(described(video('t')))],
  [
    'no base for controls',
    () => expect(setupUri(played(described(video('t'))))).toBe(`${URL_1}/t`),
  ],
  [
    'Anpviz: a base without scheme',
    () =>
      expect(setupUri(played(described(video('t'), { 'Content-Base': 'cam.test/live/' })))).toBe(
        `${URL_1}/t`,
      ),
  ],
  [
    'a base with two schemes',
    () =>
      expect(
        setupUri(played(described(video('t'), { 'Content-Base': 'rtsp://rtsp://cam.test/live/' }))),
      ).toBe(`${URL_1}/t`),
  ],
  [
    'a base with an IPv4 address mapped into IPv6',
    () =>
      expect(
        setupUri(played(described(video('t'), { 'Content-Base': 'rtsp://::ffff:10.0.0.1/x/' }))),
      ).toBe('rtsp://10.0.0.1/x/t'),
  ],
  [
    'Dahua: a query inside the base, and the control behind it',
    () =>
      expect(
        setupUri(
          played(
            described(video('trackID=0'), {
              'Content-Base': 'rtsp://cam.test/cam/realmonitor?channel=1&subtype=0/',
            }),
          ),
        ),
      ).toBe('rtsp://cam.test/cam/realmonitor?channel=1&subtype=0/trackID=0'),
  ],
  [
    'Foscam: one track without a control of its own',
    () =>
      expect(
        setupUri(played(described('m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n'))),
      ).toBe(URL_1),
  ],
  [
    'answers without CSeq',
    () =>
      void played((request) => ({
        ...plain(request),
        headers: { ...plain(request).headers, CSeq: 'none' },
      })),
  ],
  ['no session at all', () => void played(only('SETUP', { headers: {} }))],
  [
    'another session with each SETUP',
    () => {
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
  ],
  [
    'OpenIPC, Luckfox: no ports of the server',
    () => {
      const d = played(
        only('SETUP', (request) => ({
          headers: { Session: 'a', Transport: request.headers.get('Transport') ?? '' },
        })),
        { transport: 'udp' },
      );
      expect(d.ready[0]!.carriage).toMatchObject({ lower: 'udp', serverPorts: undefined });
    },
  ],
  [
    'ports of the server that are 0',
    () => {
      const d = played(
        only('SETUP', { headers: { Session: 'a', Transport: 'RTP/AVP;server_port=0-0' } }),
        { transport: 'udp' },
      );
      expect(d.ready[0]!.carriage).toMatchObject({ lower: 'udp', serverPorts: undefined });
    },
  ],
  [
    'other channels than were asked for',
    () =>
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
  ],
  [
    'the same channels for two tracks',
    () =>
      expect(
        played(
          only('SETUP', { headers: { Session: 'a', Transport: 'RTP/AVP/TCP;interleaved=0-1' } }),
        ).ready.length,
      ).toBe(1),
  ],
  [
    'Dahua: no sound for a second client',
    () =>
      expect(
        played(only('SETUP', ({ uri }) => (uri.endsWith('1') ? { status: 453 } : undefined))).ready
          .length,
      ).toBe(1),
  ],
  [
    'H.264 without fragmentation over UDP: TCP is asked for',
    () =>
      expect(
        played(described(`v=0\r\n${VIDEO}a=fmtp:96 packetization-mode=0\r\n`), {
          transport: 'udp',
          fallback: true,
        }).ready[0]!.carriage.lower,
      ).toBe('tcp'),
  ],
  [
    'a keep-alive that is not known',
    () => {
      const d = played(only('GET_PARAMETER', { status: 405 }));
      d.tick();
      d.tick();
      expect(d.methods.at(-1)).toBe('OPTIONS');
    },
  ],
  [
    'a keep-alive that nobody answers',
    () => {
      const d = played(only('GET_PARAMETER', () => undefined));
      for (let i = 0; i < 3; i++) d.tick();
      expect(d.end).toBeUndefined();
    },
  ],
  [
    'Hikvision, Tapo: a sequence number in RTP-Info that is not the first',
    () =>
      void played(
        only('PLAY', {
          headers: { 'RTP-Info': `url=${URL_1}/trackID=0;seq=0;rtptime=4294967295` },
        }),
      ),
  ],
  [
    'Foscam: RTP-Info with the URL of something else',
    () => void played(only('PLAY', { headers: { 'RTP-Info': 'url=rtsp://192.168.0.1/x;seq=5' } })),
  ],
  [
    'RTP-Info that is no such thing',
    () => void played(only('PLAY', { headers: { 'RTP-Info': ';;' } })),
  ],
  [
    'another SDP for each client, with a back channel that was not asked for',
    () =>
      expect(
        played(described(`${SDP}a=recvonly\r\nm=audio 0 RTP/AVP 8\r\na=sendonly\r\n`)).ready.length,
      ).toBe(2),
  ],
];

describe('cameras that are not as they should be', () => {
  describe.each([
    ['headers', HEADERS],
    ['descriptions', SDPS],
    ['sessions', SESSIONS],
  ])('%s', (_, quirks) => {
    it.each(quirks)('%s', (_seen, check) => check());
  });
});
