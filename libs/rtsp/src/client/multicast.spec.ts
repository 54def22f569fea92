import { describe, expect, it } from '@jest/globals';
import { parseSdp } from '../sdp/index.js';
import { Dialogue, VIDEO, camera, type Reply } from './testing/dialogue.js';

const GROUP = { address: '239.1.2.3', ports: [5004, 5005], ttl: 16, source: undefined };
const IN_SDP = `v=0\r\nc=IN IP4 239.9.9.9/8\r\n${VIDEO.replace('video 0', 'video 6000')}`;
const WITHOUT = `v=0\r\nc=IN IP4 0.0.0.0\r\n${VIDEO}`;

/** A camera of one track that answers SETUP of a group so, and everything else plainly. */
function ask(answer: Reply, sdp = WITHOUT): Dialogue {
  const server = camera((request) => {
    if (request.method === 'DESCRIBE') return { body: sdp };
    const asked = request.headers.get('Transport')?.includes('multicast') === true;
    return request.method === 'SETUP' && asked
      ? { ...answer, headers: { Session: 'abc', ...answer.headers } }
      : undefined;
  });
  return new Dialogue(server, { transport: 'multicast', fallback: true }).start();
}

const granted = (transport: string): Reply => ({ headers: { Transport: transport } });

describe('a track that is sent to a group', () => {
  it('is asked for without address or port: the server chooses', () => {
    const d = ask(granted('RTP/AVP;multicast;destination=239.1.2.3;port=5004-5005;ttl=16'));
    expect(d.last('SETUP').headers.get('Transport')).toBe('RTP/AVP;multicast');
    expect(d.playing).toBe(true);
    expect(d.ready[0]!.carriage).toEqual({ lower: 'multicast', group: GROUP });
  });

  it.each([
    [
      'with the ports of the answer',
      'RTP/AVP;multicast;port=7000-7001',
      '239.9.9.9',
      [7000, 7001],
      8,
    ],
    [
      'with the address of the answer',
      'RTP/AVP;multicast;destination=239.1.1.1',
      '239.1.1.1',
      [6000, 6001],
      8,
    ],
    ['that the answer does not name', 'RTP/AVP;multicast;ttl=3', '239.9.9.9', [6000, 6001], 3],
  ])('is where the SDP says, %s', (_, transport, address, ports, ttl) => {
    const d = ask(granted(transport), IN_SDP);
    expect(d.ready[0]!.carriage).toEqual({
      lower: 'multicast',
      group: { address, ports, ttl, source: undefined },
    });
  });

  it.each([
    ['10.0.0.7', '10.0.0.7'],
    ['camera.test', undefined],
    ['', undefined],
  ])('comes from the source that is named by number: %s', (source, expected) => {
    const d = ask(
      granted(`RTP/AVP;multicast;destination=239.1.2.3;source=${source};port=5004-5005;ttl=16`),
    );
    expect(d.ready[0]!.carriage).toMatchObject({ group: { ...GROUP, source: expected } });
  });

  it.each([
    ['no address', 'RTP/AVP;multicast;port=5004-5005'],
    ['no port', 'RTP/AVP;multicast;destination=239.1.2.3'],
    ['port 0', 'RTP/AVP;multicast;destination=239.1.2.3;port=0-0'],
    ['an address of one host', 'RTP/AVP;multicast;destination=10.0.0.7;port=5004-5005'],
    ['the group of all hosts', 'RTP/AVP;multicast;destination=224.0.0.1;port=5004-5005'],
    ['what is no address', 'RTP/AVP;multicast;destination=239.1.2.300;port=5004-5005'],
    ['a name', 'RTP/AVP;multicast;destination=evil.test;port=5004-5005'],
    ['IPv6', 'RTP/AVP;multicast;destination=ff0e::1;port=5004-5005'],
    ['unicast', 'RTP/AVP;unicast;server_port=1-2'],
    ['TCP', 'RTP/AVP/TCP;unicast;interleaved=0-1'],
  ])('is not joined for an answer with %s: another connection asks for TCP', (_, transport) => {
    expect(ask(granted(transport)).end).toMatchObject({ kind: 'transport-refused' });
  });

  it('is taken by TCP instead on the same connection when groups are refused', () => {
    const d = ask({ status: 461 });
    expect(d.ready.map(({ carriage }) => carriage.lower)).toEqual(['tcp']);
    expect(d.playing).toBe(true);
  });
});

describe('the group of an SDP', () => {
  const groupOf = (lines: string): unknown =>
    parseSdp(`v=0\r\n${lines}\r\na=rtpmap:96 H264/90000\r\n`).tracks[0]?.group;

  it.each([
    ['c=IN IP4 239.0.0.1/32\r\nm=video 5000 RTP/AVP 96', '239.0.0.1', 5000, 32],
    [
      'c=IN IP4 1.2.3.4\r\nm=video 5000 RTP/AVP 96\r\nc=IN IP4 232.0.0.9',
      '232.0.0.9',
      5000,
      undefined,
    ],
    ['c=IN IP4 239.0.0.1/999\r\nm=video 5000/2 RTP/AVP 96', '239.0.0.1', 5000, 255],
  ])('%j', (lines, address, port, ttl) => {
    expect(groupOf(lines)).toEqual({ address, ports: [port, port + 1], ttl });
  });

  it.each([
    'c=IN IP4 239.0.0.1/32\r\nm=video 0 RTP/AVP 96',
    'c=IN IP4 239.0.0.1/32\r\nm=video 65535 RTP/AVP 96',
    'c=IN IP4 0.0.0.0\r\nm=video 5000 RTP/AVP 96',
    'c=IN IP6 ff0e::1\r\nm=video 5000 RTP/AVP 96',
    'c=rubbish\r\nm=video 5000 RTP/AVP 96',
  ])('is none: %j', (lines) => {
    expect(groupOf(lines)).toBeUndefined();
  });
});
