import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { outcomeOf } from '../test-support/outcome-of.js';
import { parseSdp } from './parse-sdp.js';

const parseMedia = (...lines: string[]) => parseSdp(lines.join('\r\n')).tracks;

describe('parseSdp', () => {
  it('reads a camera with video and audio', () => {
    const session = parseSdp(
      [
        'v=0',
        'o=- 1 1 IN IP4 192.168.1.64',
        's=Media Presentation',
        'c=IN IP4 0.0.0.0',
        'b=AS:5100',
        't=0 0',
        'a=control:rtsp://192.168.1.64/Streaming/Channels/101/',
        'a=range:npt=0-',
        'm=video 0 RTP/AVP 96',
        'b=AS:5000',
        'a=recvonly',
        'a=control:trackID=1',
        'a=rtpmap:96 H264/90000',
        'a=fmtp:96 profile-level-id=420029; packetization-mode=1; sprop-parameter-sets=Z0IAKQ==,aM4x;',
        'm=audio 0 RTP/AVP 104',
        'a=control:2',
        'a=rtpmap:104 mpeg4-generic/16000/1',
        'a=fmtp:104 Config=1408;sizelength=13',
      ].join('\r\n'),
    );
    expect(session).toEqual({
      name: 'Media Presentation',
      control: 'rtsp://192.168.1.64/Streaming/Channels/101/',
      range: ['npt=0-'],
      tracks: [
        {
          control: 'trackID=1',
          direction: 'recvonly',
          bandwidthKbps: 5000,
          format: {
            kind: 'video',
            codec: 'h264',
            payloadType: 96,
            clockRateHz: 90000,
            channels: 0,
            encodingName: 'H264',
            fmtp: {
              'profile-level-id': '420029',
              'packetization-mode': '1',
              'sprop-parameter-sets': 'Z0IAKQ==,aM4x',
            },
          },
        },
        {
          control: '2',
          direction: 'sendrecv',
          format: {
            kind: 'audio',
            codec: 'aac',
            payloadType: 104,
            clockRateHz: 16000,
            channels: 1,
            encodingName: 'mpeg4-generic',
            fmtp: { config: '1408', sizelength: '13' },
          },
        },
      ],
    });
  });

  it.each([
    ['audio 0 RTP/AVP 0', 'pcmu', 'PCMU', 8000, 1],
    ['audio 0 RTP/AVP 8', 'pcma', 'PCMA', 8000, 1],
    ['audio 0 RTP/AVP 14', 'other', 'MPA', 90000, 1],
    ['audio 0 RTP/AVP 10', 'other', 'L16', 44100, 2],
    ['video 0 RTP/AVP 26', 'other', 'JPEG', 90000, 0],
    ['video 0 RTP/AVP 32', 'other', 'MPV', 90000, 0],
    ['video 0 RTP/AVP 33', 'other', 'MP2T', 90000, 0],
    ['video 0 RTP/AVP 96', 'other', '', 90000, 0],
    ['audio 0 RTP/AVP 97', 'other', '', 8000, 1],
  ])('knows %s without rtpmap', (line, codec, encodingName, clockRateHz, channels) => {
    const [track] = parseMedia(`m=${line}`);
    expect(track?.format).toMatchObject({ codec, encodingName, clockRateHz, channels });
  });

  it.each([
    ['H265/90000', 'h265', 90000],
    ['hevc/90000', 'h265', 90000],
    ['opus/48000/2', 'opus', 48000],
    ['PCMU/16000', 'pcmu', 16000],
    ['vnd.onvif.metadata+gzip/90000', 'other', 90000],
    ['H264 / 90000 ', 'h264', 90000],
    ['H264', 'h264', 90000],
  ])('reads rtpmap %j', (map, codec, clockRateHz) => {
    const [track] = parseMedia('m=video 0 RTP/AVP 98', `a=rtpmap:98 ${map}`);
    expect(track?.format).toMatchObject({ codec, clockRateHz, payloadType: 98 });
    expect(track?.format.encodingName).toBe(map.split(/[ /]/)[0]);
  });

  it('skips sections that are no RTP media and keeps the others', () => {
    const tracks = parseMedia(
      'm=application/TP-LINK 0 RTP/AVP smart/1/90000',
      'a=rtpmap:95 TP-LINK/90000',
      'm=application 9 UDP/DTLS/SCTP webrtc-datachannel',
      'm=video',
      'm=video 0 RTP/AVP 300',
      'm=text 0 RTP/AVP 98',
      'm=audio 0  RTP/AVP   8 101 ',
    );
    expect(tracks.map(({ format }) => [format.kind, format.payloadType])).toEqual([['audio', 8]]);
  });

  it('forgives missing and broken session lines, white space and line ends', () => {
    const session = parseSdp(
      '\n s=first\ns=second\nc=garbage\nnonsense\nb=AS:lots\n\nm=video 0 RTP/AVP 96 \rb=AS:x\ra=rtpmap: 96   H264/90000  \ra=fmtp:96\ra=control:  track1 ',
    );
    expect(session.name).toBe('first');
    expect(session.control).toBe('');
    expect(session).not.toHaveProperty('range');
    expect(session.tracks).toEqual([
      expect.objectContaining({ control: 'track1', format: expect.objectContaining({ fmtp: {} }) }),
    ]);
    expect(session.tracks[0]).not.toHaveProperty('bandwidthKbps');
  });

  it('finds an fmtp that stands in the wrong section', () => {
    const tracks = parseMedia(
      'm=video 0 RTP/AVP 96',
      'a=fmtp:97 config=1408',
      'a=fmtp:96 packetization-mode=1',
      'm=audio 0 RTP/AVP 97',
      'a=rtpmap:97 MPEG4-GENERIC/16000',
      'm=audio 0 RTP/AVP 96',
    );
    expect(tracks.map(({ format }) => format.fmtp)).toEqual([
      { 'packetization-mode': '1' },
      { config: '1408' },
      {},
    ]);
  });

  it('believes the payload type when PCMU is named on 8', () => {
    const [track] = parseMedia('m=audio 0 RTP/AVP 8', 'a=rtpmap:8 PCMU/8000');
    expect(track?.format).toMatchObject({ codec: 'pcma', encodingName: 'PCMA' });
  });

  it('takes the payload type from rtpmap when the m= line has none', () => {
    const [track] = parseMedia('m=video 0 RTP/AVP', 'a=rtpmap:35 H264/90000');
    expect(track?.format).toMatchObject({ codec: 'h264', payloadType: 35 });
  });

  it('tells a backchannel, but not if all media claim to be one', () => {
    const video = ['m=video 0 RTP/AVP 96', 'a=sendonly'];
    expect(parseMedia(...video, 'm=audio 0 RTP/AVP 0', 'a=sendonly')[1]?.direction).toBe(
      'recvonly',
    );
    expect(
      parseMedia('a=recvonly', 'm=video 0 RTP/AVP 96', 'm=audio 0 RTP/AVP 0', 'a=sendonly').map(
        ({ direction }) => direction,
      ),
    ).toEqual(['recvonly', 'sendonly']);
  });

  it('keeps names of object properties out of the prototype', () => {
    const [track] = parseMedia(
      'm=video 0 RTP/AVP 96',
      'a=fmtp:96 __proto__=polluted;constructor=1;a=b',
      'a=__proto__:polluted',
    );
    expect(Object.keys(track!.format.fmtp)).toEqual(['constructor', 'a']);
    expect(Object.getPrototypeOf(track!.format.fmtp)).toBe(Object.prototype);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it.each(['', 'v=0', 'm=video', '<html>'])('throws when no media is left: %j', (text) => {
    expect(outcomeOf(() => parseSdp(text))).toMatchObject({ error: { code: 'rtsp/sdp-no-media' } });
  });

  it('throws nothing but NightjarError', () => {
    const line = fc.oneof(
      fc.constantFrom('m=video 0 RTP/AVP 96', 'm=', 'a=rtpmap:', 'a=fmtp:96 ', 'b=AS:', 's=', '\n'),
      fc.constantFrom('a=control:', 'a=range:', '__proto__', 'a=sendonly', 'm=audio 0 RTP/AVP 0'),
      fc.string({ maxLength: 12 }),
    );
    fc.assert(
      fc.property(fc.array(line), fc.constantFrom('', '\r\n'), (lines, separator) => {
        outcomeOf(() => parseSdp(lines.join(separator)));
        expect(Object.keys(Object.prototype)).toEqual([]);
      }),
    );
  });
});
