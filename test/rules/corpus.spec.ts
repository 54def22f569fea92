import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { NightjarError } from '@nightjar/common';
import {
  copyOf,
  parseDiscovery,
  parseEnvelope,
  parseUsernameToken,
  printXml,
  receivedFault,
} from '@nightjar/onvif';
import {
  configOf,
  createDepacketizer,
  decodeRtcp,
  encodeRtp,
  isDisposable,
  payloadRange,
  replayFieldsOf,
  rtpDefect,
  startsKeyframe,
} from '@nightjar/rtp';
import {
  Announcement,
  Base64Stream,
  HttpHeadReader,
  parseAuthGroups,
  parseCSeq,
  parseChallenges,
  parseFrames,
  parseImmediate,
  parseKeyMgmt,
  parseMediaProperties,
  parseMikey,
  parseRange,
  parseRateControl,
  parseRtpInfo,
  parseScale,
  parseSdp,
  parseSession,
  parseSpeed,
  parseTransport,
  parseTunnelRequest,
  protocolOf,
  readAnnouncement,
  redirectTarget,
  resolveControl,
  RTSP_2_0,
  RtspHeaders,
  RtspStreamParser,
} from '@nightjar/rtsp';
import { CORPUS, corpusFiles, piecesOf } from '../fuzz/conversations.js';
import { mutateBytes } from '../fuzz/mutate.js';
import { SeededRandom } from '../fuzz/random.js';

const MUTATIONS = 60;
const CODECS = ['h264', 'h265', 'aac', 'latm', 'opus', 'pcmu', 'pcma'] as const;
/** No unit is larger, and no more is claimed for one than twice of it while it grows. */
const MAX_CLAIM_BYTES = 2 * 8 * 1024 * 1024;
const SDP_OF: Readonly<Record<(typeof CODECS)[number], string>> = {
  h264: 'm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000',
  h265: 'm=video 0 RTP/AVP 96\r\na=rtpmap:96 H265/90000',
  aac: 'm=audio 0 RTP/AVP 96\r\na=rtpmap:96 mpeg4-generic/48000/2\r\na=fmtp:96 mode=AAC-hbr;config=1190;SizeLength=13;IndexLength=3;IndexDeltaLength=3',
  latm: 'm=audio 0 RTP/AVP 96\r\na=rtpmap:96 MP4A-LATM/44100/1',
  opus: 'm=audio 0 RTP/AVP 96\r\na=rtpmap:96 opus/48000/2',
  pcmu: 'm=audio 0 RTP/AVP 0',
  pcma: 'm=audio 0 RTP/AVP 8',
};

function json(name: string): unknown {
  return JSON.parse(readFileSync(path.join(CORPUS, name), 'utf8'));
}

/** Gives a parser the input and many that are almost the same; only our own error may come of it. */
function survives(parse: (bytes: Buffer) => unknown, inputs: readonly Buffer[]): void {
  const random = new SeededRandom(1);
  for (const input of inputs)
    for (let left = MUTATIONS; left >= 0; left--) {
      const bytes = left === MUTATIONS ? input : mutateBytes(input, random);
      try {
        parse(bytes);
      } catch (error) {
        if (error instanceof NightjarError) continue;
        throw new Error(`at ${JSON.stringify(bytes.toString('latin1'))}`, { cause: error });
      }
    }
}

const texts = (values: readonly string[]): Buffer[] =>
  values.map((value) => Buffer.from(value, 'utf8'));
const text = (parse: (value: string) => unknown) => (bytes: Buffer) => parse(bytes.toString());

describe('the corpus', () => {
  const recorded = corpusFiles('conversations');
  const streams = [...recorded, ...corpusFiles('streams')];
  const headers = json('headers.json') as Record<string, string[]>;

  /** Bytes of bodies and frames that a parser made of a stream, and how many messages. */
  function read(bytes: Buffer, chunkBytes = bytes.length): { messages: number; bytes: number } {
    const sum = { messages: 0, bytes: 0 };
    const parser = new RtspStreamParser({
      message: (message) => {
        sum.messages += 1;
        sum.bytes += message.body.length;
      },
      interleaved: (_channel, _buf, _offset, length) => (sum.bytes += length),
    });
    for (let at = 0; at < bytes.length; at += chunkBytes)
      parser.push(bytes.subarray(at, at + chunkBytes));
    return sum;
  }

  it.each(recorded.filter(({ name }) => !name.includes('http')))(
    'is recorded as it was said, message for message: $name',
    ({ bytes }) => {
      const pieces = piecesOf(bytes);
      const frames = pieces.filter((piece) => piece[0] === 0x24).length;
      expect(read(bytes).messages).toBe(pieces.length - frames);
    },
  );

  it.each(streams)('conversation $name is survived, whole, cut and changed', ({ bytes }) => {
    survives((one) => expect(read(one).bytes).toBeLessThanOrEqual(one.length), [bytes]);
    survives((one) => read(one, 7), [bytes]);
  });

  it('survives as the first bytes of a connection, as HTTP, and as the body of a tunnel', () => {
    const inputs = streams.map(({ bytes }) => bytes);
    survives(protocolOf, inputs);
    survives((bytes) => {
      const reader = new HttpHeadReader();
      reader.read(bytes, 0);
      if (reader.done) parseTunnelRequest(reader.request());
    }, inputs);
    survives(
      (bytes) => expect(new Base64Stream().push(bytes).length).toBeLessThanOrEqual(bytes.length),
      inputs,
    );
  });

  it.each<[string, (value: string) => unknown]>([
    ['transport', (value) => [parseTransport(value), parseTransport(value, RTSP_2_0)]],
    ['range', parseRange],
    ['session', (value) => [parseSession(value), parseCSeq(value)]],
    ['rtpInfo', parseRtpInfo],
    ['authorization', (value) => [parseAuthGroups(value), parseChallenges([value, value])]],
    ['scale', (value) => [parseScale(value)]],
    ['speed', (value) => [parseSpeed(value)]],
    ['keyMgmt', parseKeyMgmt],
    ['mediaProperties', parseMediaProperties],
    ['frames', (value) => [parseFrames(value)]],
    ['frames', (value) => [parseImmediate(value)]],
    ['frames', (value) => [parseRateControl(value)]],
    [
      'uri',
      (value) => [redirectTarget('rtsp://cam/x', value), resolveControl('rtsp://h/a', value)],
    ],
  ])('headers are survived: %s', (name, parse) => {
    survives(text(parse), texts(headers[name]!));
  });

  it('descriptions are survived, with all that is made of them', () => {
    const sdps = texts(Object.values(json('sdp.json') as Record<string, string>));
    survives(
      text((value) => parseSdp(value).tracks.map(({ format }) => configOf(format))),
      sdps,
    );
    survives((body) => {
      const request = { method: 'ANNOUNCE', uri: 'rtsp://h/a', headers: new RtspHeaders(), body };
      const media = readAnnouncement({ ...request, kind: 'request', version: 'RTSP/1.0' });
      return new Announcement('rtsp://h/a', media).trackOf('rtsp://h/a/b', () => false);
    }, sdps);
  });

  it('documents of ONVIF are survived', () => {
    const documents = texts(Object.values(json('onvif.json') as Record<string, string>));
    survives(parseDiscovery, documents);
    survives((bytes) => {
      const { body, headers } = parseEnvelope(bytes);
      parseUsernameToken(headers);
      receivedFault(body);
      printXml(copyOf(body));
    }, documents);
  });

  it('keys of MIKEY are survived', () => {
    survives(text(parseMikey), texts(Object.values(json('mikey.json') as Record<string, string>)));
  });

  it('packets of RTP and RTCP are survived', () => {
    const hex = (file: string): Buffer[] =>
      Object.values(json(file) as Record<string, string>).map((one) => Buffer.from(one, 'hex'));
    survives((bytes) => decodeRtcp(bytes, 0, bytes.length), hex('rtcp.json'));
    survives((bytes) => {
      if (rtpDefect(bytes, 0, bytes.length) !== undefined) return;
      const { start, end } = payloadRange(bytes, 0, bytes.length);
      expect(start).toBeGreaterThanOrEqual(12);
      expect(end).toBeLessThanOrEqual(bytes.length);
      replayFieldsOf(bytes);
    }, hex('rtp.json'));
  });

  it.each(CODECS)(
    'packets of %s are survived, and claim no more memory than a unit may have',
    (name) => {
      const cases = Object.values(
        (json('media.json') as Record<string, Record<string, string[]>>)[name]!,
      );
      const { format } = parseSdp(`v=0\r\n${SDP_OF[name]}\r\n`).tracks[0]!;
      const { codec } = format;
      // Elements of LATM end with it.
      const marker = name === 'latm';
      for (const payloads of cases) {
        let claimed = 0;
        const memory = {
          claim: (bytes: number) => Buffer.alloc((claimed = Math.max(claimed, bytes))),
        };
        const sink = { accessUnit: () => undefined, config: () => undefined };
        const depacketizer = createDepacketizer(format, sink, memory)!;
        let sequence = 0;
        const inputs = payloads.map((one) => Buffer.from(one, 'hex'));
        survives((payload) => {
          const fields = { payloadType: format.payloadType, timestamp: 1, ssrc: 1, marker };
          const packet = encodeRtp({ ...fields, sequence: sequence++ & 0xffff }, payload);
          depacketizer.push(packet, 0, packet.length);
          startsKeyframe(codec, payload, 0, payload.length);
          isDisposable(codec, payload);
        }, inputs);
        depacketizer.flush();
        expect(claimed).toBeLessThanOrEqual(MAX_CLAIM_BYTES);
      }
    },
  );
});
