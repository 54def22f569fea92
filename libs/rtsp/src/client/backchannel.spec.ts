import { describe, expect, it } from '@jest/globals';
import type { RtspRequest } from '../messages/index.js';
import { ONVIF_BACKCHANNEL } from '../server/method-rules.js';
import {
  Dialogue,
  SDP,
  URL_1,
  camera,
  only,
  plain,
  type Reply,
  type Server,
} from './testing/dialogue.js';

const SPEAKER = 'm=audio 0 RTP/AVP 8\r\na=sendonly\r\na=control:trackID=9\r\n';

/** A camera that shows its back channel to those who require it. */
const talking =
  (setUp: (request: RtspRequest) => Reply | undefined = () => undefined): Server =>
  (request) => {
    if (request.method === 'SETUP' && request.uri.endsWith('trackID=9'))
      return setUp(request) ?? plain(request);
    if (request.method !== 'DESCRIBE') return plain(request);
    const required = request.headers.get('Require') === ONVIF_BACKCHANNEL;
    return { ...plain(request), body: required ? SDP + SPEAKER : SDP };
  };

const ask = (server: Server, transport: 'tcp' | 'udp' = 'tcp'): Dialogue =>
  new Dialogue(server, { backchannel: true, transport }).start();

describe('the back channel of a camera', () => {
  it.each([
    ['tcp', { lower: 'tcp', rtpChannel: 4, rtcpChannel: 5 }],
    ['udp', { lower: 'udp', localPorts: [5004, 5005], serverPorts: undefined }],
  ] as const)('is set up behind the tracks that come to us, over %s', (transport, carriage) => {
    const d = ask(talking(), transport);
    expect(d.playing).toBe(true);
    expect(d.ready.map(({ track }) => track.format.kind)).toEqual(['video', 'audio']);
    expect(d.backchannel).toMatchObject({ index: 2, carriage, track: { direction: 'sendonly' } });
    const required = d.requests.filter(({ headers }) => headers.has('Require'));
    expect(required.map(({ method }) => method)).toEqual(['DESCRIBE', 'SETUP', 'PLAY']);
    expect(d.last('SETUP').uri).toBe(`${URL_1}/trackID=9`);
    expect(d.last('PLAY').headers.get('Range')).toBe('npt=now-');
  });

  it('is not asked for where nobody wants it', () => {
    const d = new Dialogue(talking()).start();
    expect(d.requests.some(({ headers }) => headers.has('Require'))).toBe(false);
    expect(d.backchannel).toBeUndefined();
  });

  it.each([551, 400, 500])('is done without where DESCRIBE is answered %d', (status) => {
    const refusing = only('DESCRIBE', (request) =>
      request.headers.has('Require') ? { status } : undefined,
    );
    const d = ask(camera(refusing));
    expect(d.methods.filter((method) => method === 'DESCRIBE')).toHaveLength(2);
    expect([d.playing, d.backchannel]).toEqual([true, undefined]);
  });

  it.each([401, 404])('changes nothing of what %d means', (status) => {
    const d = ask(camera(only('DESCRIBE', { status })));
    expect(d.methods.filter((method) => method === 'DESCRIBE')).toHaveLength(1);
    expect(d.end).toMatchObject({ kind: 'failed' });
  });

  it.each([
    ['is refused', { status: 503 }],
    [
      'is given a channel of another track',
      { headers: { Transport: 'RTP/AVP/TCP;interleaved=0-1' } },
    ],
  ])('is done without where its SETUP %s', (_, reply) => {
    const d = ask(talking(() => reply));
    expect([d.playing, d.backchannel]).toEqual([true, undefined]);
    expect(d.last('PLAY').headers.has('Require')).toBe(false);
  });

  it('is none where every medium is marked as one', () => {
    const all = SDP.replaceAll('a=control:track', 'a=sendonly\r\na=control:track');
    const d = ask(
      camera(only('DESCRIBE', { ...plain({ method: 'DESCRIBE' } as RtspRequest), body: all })),
    );
    expect([d.playing, d.ready.length, d.backchannel]).toEqual([true, 2, undefined]);
  });
});
