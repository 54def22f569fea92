import { describe, expect, it } from '@jest/globals';
import type { TrackFormat } from '@nightjar/rtp';
import fc from 'fast-check';
import { parseSdp } from './parse-sdp.js';
import { printSdp } from './print-sdp.js';

const H264: TrackFormat = {
  kind: 'video',
  codec: 'h264',
  payloadType: 96,
  clockRateHz: 90000,
  channels: 0,
  encodingName: 'H264',
  fmtp: { 'packetization-mode': '1', 'sprop-parameter-sets': 'Z0IAKQ==,aM4x' },
};
const OPUS: TrackFormat = {
  kind: 'audio',
  codec: 'opus',
  payloadType: 97,
  clockRateHz: 48000,
  channels: 1,
  encodingName: 'opus',
  fmtp: {},
};

describe('printSdp', () => {
  it('names a multicast group and its ports', () => {
    const text = printSdp({
      sessionId: '1',
      sessionVersion: 1,
      name: 'front',
      multicast: { address: '239.192.0.7', ttl: 16 },
      tracks: [
        { format: H264, control: 'trackID=0', port: 20000 },
        { format: OPUS, control: 'trackID=1', port: 20002 },
      ],
    });
    expect(text.split('\r\n').filter((line) => /^[cm]=/.test(line))).toEqual([
      'c=IN IP4 239.192.0.7/16',
      'm=video 20000 RTP/AVP 96',
      'm=audio 20002 RTP/AVP 97',
    ]);
    expect(parseSdp(text).tracks.length).toBe(2);
  });

  it('writes what a player needs', () => {
    const text = printSdp({
      sessionId: '17',
      sessionVersion: 2,
      name: 'front-door',
      range: ['npt=0-60.000', 'clock=20261120T130000Z-'],
      tracks: [
        { format: H264, control: 'trackID=0' },
        { format: OPUS, control: 'trackID=1' },
      ],
    });
    expect(text.split('\r\n')).toEqual([
      'v=0',
      'o=- 17 2 IN IP4 0.0.0.0',
      's=front-door',
      'c=IN IP4 0.0.0.0',
      't=0 0',
      'a=control:*',
      'a=range:npt=0-60.000',
      'a=range:clock=20261120T130000Z-',
      'm=video 0 RTP/AVP 96',
      'a=rtpmap:96 H264/90000',
      'a=fmtp:96 packetization-mode=1;sprop-parameter-sets=Z0IAKQ==,aM4x',
      'a=control:trackID=0',
      'm=audio 0 RTP/AVP 97',
      'a=rtpmap:97 opus/48000/2',
      'a=control:trackID=1',
      '',
    ]);
  });

  it('lets no name, format or control add a line', () => {
    const format = { ...H264, encodingName: 'X\r\na=evil:1', fmtp: { 'a\r\nb': 'c\nm=evil' } };
    const text = printSdp({
      sessionId: '1\r\na=evil',
      sessionVersion: 1,
      name: '\r\nm=evil',
      range: ['npt=0-\r\na=evil'],
      tracks: [{ format, control: 'x\r\nm=evil' }],
    });
    expect(text).not.toMatch(/^(a=evil|m=evil|b=)/m);
  });

  it('has a name even if there is none', () => {
    const offer = { sessionId: '1', sessionVersion: 1, name: '', tracks: [] };
    expect(printSdp(offer)).toContain('\r\ns=-\r\n');
  });

  it('is read back as it was written', () => {
    const word = fc.stringMatching(/^[a-z][a-z0-9-]{0,9}$/);
    const format: fc.Arbitrary<TrackFormat> = fc
      .record({
        payloadType: fc.integer({ min: 96, max: 127 }),
        clockRateHz: fc.integer({ min: 1, max: 999_999 }),
        fmtp: fc.dictionary(word, fc.stringMatching(/^[A-Za-z0-9+/=,.]{0,20}$/)),
      })
      .chain((base) =>
        fc.oneof(
          fc
            .constantFrom(['h264', 'H264'], ['h265', 'H265'], ['other', 'x-klv+gzip'])
            .map(([codec, encodingName]) => ({
              ...base,
              kind: 'video',
              codec,
              encodingName,
              channels: 0,
            })),
          fc
            .tuple(
              fc.constantFrom(['aac', 'MPEG4-GENERIC'], ['pcmu', 'PCMU'], ['other', 'L16']),
              fc.integer({ min: 1, max: 255 }),
            )
            .map(([[codec, encodingName], channels]) => ({
              ...base,
              kind: 'audio',
              codec,
              encodingName,
              channels,
            })),
        ),
      )
      .map((format) => format as TrackFormat);
    const tracks = fc.uniqueArray(fc.record({ format, control: word }), {
      minLength: 1,
      maxLength: 4,
      selector: (track) => track.format.payloadType,
    });
    fc.assert(
      fc.property(tracks, word, (tracks, name) => {
        const session = parseSdp(
          printSdp({ sessionId: '1', sessionVersion: 1, name, range: ['npt=now-'], tracks }),
        );
        expect(session).toEqual({
          name,
          control: '*',
          range: ['npt=now-'],
          tracks: tracks.map((track) => ({ ...track, direction: 'sendrecv' })),
        });
      }),
    );
  });
});
