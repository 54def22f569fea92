import { describe, expect, it } from '@jest/globals';
import { NightjarError, type WallTimeMs } from '@nightjar/common';
import { createMasterKey, type SrtpMasterKey } from '@nightjar/rtp';
import fc from 'fast-check';
import { RtspHeaders, type RtspRequest } from '../messages/index.js';
import { createMikey, printKeyMgmtAttribute } from '../mikey/index.js';
import { outcomeOf } from '../test-support/outcome-of.js';
import { ANNOUNCE_LIMITS, Announcement, readAnnouncement } from './announcement.js';

const URL = 'rtsp://host:8554/front';
const media = (control: string, payloadType = 0): string =>
  `m=audio 0 RTP/AVP ${payloadType}\r\na=sendonly\r\n${control === '' ? '' : `a=control:${control}\r\n`}`;
const sdp = (...sections: string[]): string => `v=0\r\ns=x\r\n${sections.join('')}`;

const request = (body: string, type: string | undefined = 'application/sdp'): RtspRequest => ({
  kind: 'request',
  method: 'ANNOUNCE',
  uri: URL,
  version: 'RTSP/1.0',
  headers: RtspHeaders.from(type === '' ? {} : { 'Content-Type': type }),
  body: Buffer.from(body),
});

const statusOf = (announce: RtspRequest): unknown => {
  try {
    return readAnnouncement(announce).tracks.length;
  } catch (error) {
    return error instanceof NightjarError ? (error.where['status'] ?? error.kind) : error;
  }
};

describe('an ANNOUNCE', () => {
  it.each([
    ['tracks', sdp(media('a'), media('b')), 'application/sdp', 2],
    ['a type with parameters', sdp(media('a')), 'Application/SDP; charset=utf-8', 1],
    ['no type', sdp(media('a')), '', 1],
    ['another type', sdp(media('a')), 'text/plain', 415],
    ['nothing', '', 'application/sdp', 400],
    ['no media', sdp(), 'application/sdp', 'protocol'],
    ['garbage', '\0\0\0', 'application/sdp', 'protocol'],
    ['a payload type that nothing names', sdp(media('a', 97)), 'application/sdp', 415],
    ['too many tracks', sdp(...Array<string>(9).fill(media('a'))), 'application/sdp', 413],
    ['too many bytes', sdp(media('a'.repeat(65_536))), 'application/sdp', 413],
  ])('with %s is taken or refused', (_, body, type, outcome) => {
    expect(statusOf(request(body, type))).toBe(outcome);
  });

  it('has media that come to us, whatever direction is written', () => {
    const body = sdp(media('a'), 'm=video 0 RTP/AVP 26\r\n');
    const [track] = readAnnouncement(request(body)).tracks;
    expect(track?.direction).toBe('recvonly');
  });

  it('tells keys, of a track or of all, which no track holds', () => {
    const [first, second] = [createMasterKey(), createMasterKey()];
    const keyLine = (key: SrtpMasterKey): string =>
      `a=key-mgmt:${printKeyMgmtAttribute(createMikey(key, []), 0 as WallTimeMs)}\r\n`;
    const secure = media('a').replace('AVP', 'SAVP');
    const body = sdp(
      keyLine(first),
      secure,
      secure + keyLine(second),
      `${secure}a=key-mgmt:mikey x\r\n`,
    );
    const announced = readAnnouncement(request(body));
    expect(JSON.stringify(announced.tracks)).not.toMatch(/mikey/i);
    const announcement = new Announcement(URL, announced);
    expect([0, 1].map((track) => announcement.keysOf(track)?.key)).toEqual([first, second]);
    expect(() => announcement.keysOf(2)).toThrow(
      expect.objectContaining({ where: expect.objectContaining({ status: 463 }) }),
    );
    expect(
      new Announcement(URL, readAnnouncement(request(sdp(media('a'))))).keysOf(0),
    ).toBeUndefined();
  });

  it('whatever it brings, ends in few tracks or in an error of ours', () => {
    const line = fc.oneof(
      fc.constantFrom(
        'm=video 0 RTP/AVP 96',
        'm=audio 0 RTP/AVP 0',
        'a=rtpmap:96 H264/90000',
        'v=0',
        'a=control:x',
      ),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 60 }), (lines) => {
        const outcome = outcomeOf(() => readAnnouncement(request(lines.join('\r\n'))));
        if ('value' in outcome)
          expect(outcome.value.tracks.length).toBeLessThanOrEqual(ANNOUNCE_LIMITS.tracks);
      }),
    );
  });
});

describe('the SETUP of a publisher', () => {
  const announced = (url: string, ...controls: string[]): Announcement =>
    new Announcement(url, readAnnouncement(request(sdp(...controls.map((one) => media(one))))));
  const query = `${URL}?a=b`;

  it.each([
    ['with a slash between', URL, ['t=0', 't=1'], `${URL}/t=1`, 1],
    ['without', URL, ['t=0', 't=1'], `${URL}t=1`, 1],
    ['behind a base that ends in a slash', `${URL}/`, ['t=0', 't=1'], `${URL}/t=1`, 1],
    ['with a slash of its own', URL, ['/t=0', '/t=1'], `${URL}/t=1`, 1],
    ['by another name of the host', URL, ['t=0', 't=1'], 'rtsp://127.0.0.1/front/t=1', 1],
    ['absolute', URL, ['rtsp://0.0.0.0/x/1', 'rtsp://0.0.0.0/x/2'], 'rtsp://h/x/2', 1],
    ['before a query', query, ['t=0', 't=1'], `${URL}/t=1?a=b`, 1],
    ['behind a query', query, ['t=0', 't=1'], `${query}/t=1`, 1],
    ['percent-encoded', URL, ['t=0', 't 1'], `${URL}/t%201`, 1],
    ['the whole, of one track', URL, ['t=0'], URL, 0],
    ['the whole, of several', URL, ['t=0', 't=1'], URL, 'aggregate'],
    ['none of them', URL, ['t=0', 't=1'], `${URL}/t=2`, undefined],
    ['not percent-encoded', URL, ['t=0', 't=1'], `${URL}/%zz`, undefined],
  ])('names a track %s', (_, base, controls, uri, track) => {
    expect(announced(base, ...controls).trackOf(uri, () => false)).toBe(track);
  });

  it('goes by the order where no controls were given', () => {
    const announcement = announced(URL, '', '');
    expect(announcement.trackOf(`${URL}/trackID=7`, () => false)).toBe(0);
    expect(announcement.trackOf(`${URL}/trackID=8`, (track) => track === 0)).toBe(1);
    expect(announcement.trackOf(URL, () => true)).toBe('aggregate');
    expect(announcement.trackOf(`${URL}/x`, () => true)).toBeUndefined();
  });

  it('never throws, whatever the URLs are', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), (base, control, uri) => {
        const track = { ...readAnnouncement(request(sdp(media('a')))).tracks[0]!, control };
        const announced = { tracks: [track, track], keyMgmt: [] };
        const found = new Announcement(base, announced).trackOf(uri, () => false);
        expect([0, 1, 'aggregate', undefined]).toContain(found);
      }),
    );
  });
});
