import { beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '@nightjar/common';
import {
  SrtpReceiver,
  SrtpSender,
  createMasterKey,
  decodeRtcp,
  encodeBye,
  encodeRtp,
  encodeSenderReport,
  sequenceOf,
} from '@nightjar/rtp';
import type { Carriage, SdpTrack, TrackKeys } from '@nightjar/rtsp';
import { MediaReceiver } from './media-receiver.js';
import { SourceCounters } from './source-counters.js';

const VIDEO: SdpTrack = {
  format: {
    kind: 'video',
    codec: 'h264',
    payloadType: 96,
    clockRateHz: 90_000,
    channels: 0,
    encodingName: 'H264',
    fmtp: {},
  },
  control: 'trackID=0',
  direction: 'recvonly',
};
const TCP: Carriage = { lower: 'tcp', rtpChannel: 0, rtcpChannel: 1 };
const UDP: Carriage = { lower: 'udp', localPorts: [5000, 5001], serverPorts: undefined };
const OURS = 0xfeed;

function rtp(sequence: number, fields: { ssrc?: number; payloadType?: number } = {}): Buffer {
  const { ssrc = 1, payloadType = 96 } = fields;
  return encodeRtp(
    { payloadType, sequence, timestamp: sequence * 3_600, ssrc, marker: true },
    Buffer.from('media'),
  );
}

let clock: ManualClock;
let counters: SourceCounters;
let log: string[];
let sentRtcp: Buffer[];
let media: MediaReceiver;

function make(carriage: Carriage, keys?: TrackKeys): void {
  clock = new ManualClock();
  counters = new SourceCounters();
  log = [];
  sentRtcp = [];
  media = new MediaReceiver({
    clock,
    inactivityMs: 5_000,
    ssrc: OURS,
    cname: 'test',
    counters,
    sink: {
      rtp: (track, buf, offset) => void log.push(`rtp ${track} ${sequenceOf(buf, offset)}`),
      senderReport: (track, ntpMs, timestamp) =>
        void log.push(`sr ${track} ${Math.round(ntpMs)} ${timestamp}`),
      flush: () => void log.push('flush'),
    },
    events: {
      online: (tracks) => void log.push(`online ${tracks.length}`),
      newEpoch: (_, detail) => void log.push(`epoch: ${detail}`),
      bye: () => void log.push('bye'),
      mixedUp: (detail) => void log.push(detail),
      silent: (ever) => void log.push(`silent ${ever}`),
    },
  });
  media.add({ index: 0, track: VIDEO, carriage, keys }, (packet) => void sentRtcp.push(packet));
}

/** One socket read that brings these frames. */
function read(...frames: [channel: number, packet: Buffer][]): void {
  media.startRead();
  for (const [channel, packet] of frames) {
    const surrounded = Buffer.concat([Buffer.from('xxx'), packet, Buffer.from('yy')]);
    media.interleaved(channel, surrounded, 3, packet.length);
  }
  media.endRead();
}

describe('MediaReceiver over TCP', () => {
  beforeEach(() => make(TCP));

  it('drops media before PLAY and goes online with the first packet, before the response', () => {
    read([0, rtp(1)]);
    media.open();
    read([0, rtp(2)], [0, rtp(3)]);
    media.begin();
    expect(log).toEqual(['online 1', 'rtp 0 2', 'rtp 0 3', 'flush']);
    expect(counters).toMatchObject({ packets: 2, dropped: { channel: 1 } });
  });

  it('drops what is not of the stream and says why', () => {
    media.open();
    media.begin();
    const foreign = rtp(9, { ssrc: 2 });
    read(
      [0, rtp(1)],
      [0, foreign],
      [0, rtp(2, { payloadType: 50 })],
      [0, Buffer.from('$')],
      [7, rtp(3)],
      [1, Buffer.alloc(3)],
    );
    expect(log).toEqual(['online 1', 'rtp 0 1', 'flush']);
    expect(counters.dropped).toEqual({
      malformed: 2,
      srtp: 0,
      payloadType: 1,
      ssrc: 1,
      channel: 1,
      address: 0,
    });
  });

  it('takes a lasting SSRC for a new epoch, a passing one for a leftover', () => {
    media.open();
    media.begin();
    for (let i = 0; i < 50; i += 1) read([0, rtp(i, { ssrc: 7 })], [0, rtp(i, { ssrc: 8 })]);
    expect(log.some((line) => line.startsWith('epoch'))).toBe(false);
    log = [];
    for (let i = 0; i < 10; i += 1) read([0, rtp(500 + i, { ssrc: 9 })]);
    expect(log).toEqual([
      'epoch: the SSRC of track 0 changed',
      'rtp 0 507',
      'flush',
      'rtp 0 508',
      'flush',
      'rtp 0 509',
      'flush',
    ]);
    expect(media.lost).toBe(0);
  });

  it('passes sender reports of the stream on and reports every 5 s', () => {
    media.open();
    media.begin();
    const wallMs = Date.UTC(2026, 10, 20);
    const report = (ssrc: number): Buffer =>
      encodeSenderReport({ ssrc, wallMs, rtpTimestamp: 42, packets: 1, octets: 1, cname: 'cam' });
    read([0, rtp(1)], [0, rtp(4)], [1, report(1)], [1, report(99)]);
    expect(log.filter((line) => line.startsWith('sr'))).toEqual([`sr 0 ${wallMs} 42`]);
    clock.advance(4_000);
    read([0, rtp(5)]);
    clock.advance(1_000);
    expect(sentRtcp).toHaveLength(1);
    const [item] = decodeRtcp(sentRtcp[0]!, 0, sentRtcp[0]!.length);
    expect(item).toMatchObject({
      type: 'rr',
      ssrc: OURS,
      reports: [{ ssrc: 1, cumulativeLost: 2, highestSequence: 5 }],
    });
    expect(item).toMatchObject({ reports: [{ delaySinceLastSenderReport: 5 * 65_536 }] });
    expect(media.lost).toBe(2);
  });

  it('notices silence after its limit, and not while packets come', () => {
    media.open();
    media.begin();
    for (let i = 0; i < 5; i += 1) {
      clock.advance(4_900);
      read([0, rtp(i)]);
    }
    clock.advance(4_999);
    expect(log).not.toContain('silent true');
    clock.advance(2);
    expect(log).toContain('silent true');
  });

  it('hears BYE of the stream alone', () => {
    media.open();
    media.begin();
    read([0, rtp(1)], [1, encodeBye({ ssrc: 5, cname: 'old' })]);
    expect(log).not.toContain('bye');
    read([1, encodeBye({ ssrc: 1, cname: 'cam' })]);
    expect(log).toContain('bye');
  });

  it('is mute after close and keeps the losses in the counters', () => {
    media.open();
    media.begin();
    read([0, rtp(1)], [0, rtp(3)]);
    media.close();
    const before = log.length;
    read([0, rtp(4)]);
    clock.advance(60_000);
    expect(log).toHaveLength(before);
    expect(sentRtcp).toHaveLength(0);
    expect(counters).toMatchObject({ lostBefore: 1, dropped: { channel: 0 } });
  });
});

describe('MediaReceiver over UDP', () => {
  beforeEach(() => make(UDP));

  it('puts datagrams in order and flushes those of one turn together', async () => {
    media.open();
    media.begin();
    for (const sequence of [1, 3, 2, 2, 4]) media.datagram(0, rtp(sequence), false);
    await new Promise((resolve) => setImmediate(resolve));
    expect(log).toEqual(['online 1', 'rtp 0 1', 'rtp 0 2', 'rtp 0 3', 'rtp 0 4', 'flush']);
  });

  it('waits for a missing datagram for a while only', async () => {
    media.open();
    media.begin();
    media.datagram(0, rtp(1), false);
    media.datagram(0, rtp(3), false);
    await new Promise((resolve) => setImmediate(resolve));
    expect(log.at(-2)).toBe('rtp 0 1');
    clock.advance(100);
    expect(log.slice(-2)).toEqual(['rtp 0 3', 'flush']);
  });

  it('says after 4 s that nothing came at all', () => {
    media.open();
    media.begin();
    clock.advance(3_999);
    expect(log).toEqual(['online 1']);
    clock.advance(1);
    expect(log).toEqual(['online 1', 'silent false']);
  });

  it('tells the caller whether a datagram was of the track', () => {
    media.open();
    media.begin();
    expect(media.datagram(0, rtp(1), false)).toBe(true);
    expect(media.datagram(0, Buffer.from('hello world, no rtp'), false)).toBe(false);
  });
});

describe.each([
  ['TCP', TCP],
  ['UDP', UDP],
])('MediaReceiver of SRTP over %s', (_, carriage) => {
  const keys = { receive: createMasterKey(), send: createMasterKey(), rocs: new Map() };
  let camera: SrtpSender;

  beforeEach(() => {
    make(carriage, keys);
    camera = new SrtpSender(keys.receive);
    media.open();
    media.begin();
  });

  function protect(packet: Buffer): Buffer {
    const out = Buffer.alloc(packet.length + camera.rtpOverheadBytes);
    return out.subarray(0, camera.rtp(packet, 0, packet.length, out, 0));
  }

  async function bring(packet: Buffer, rtcp = false): Promise<void> {
    if (carriage.lower === 'tcp') read([rtcp ? 1 : 0, packet]);
    else media.datagram(0, packet, rtcp);
    await new Promise((resolve) => setImmediate(resolve));
  }

  it('passes on what the camera protected, packets and reports', async () => {
    await bring(protect(rtp(1)));
    await bring(protect(rtp(2)));
    const report = { ssrc: 1, wallMs: 1_000 as never, rtpTimestamp: 77, packets: 1, octets: 1 };
    await bring(camera.rtcp(encodeSenderReport({ ...report, cname: 'cam' })), true);
    expect(log.filter((line) => line !== 'flush')).toEqual([
      'online 1',
      'rtp 0 1',
      'rtp 0 2',
      'sr 0 1000 77',
    ]);
    expect(counters.dropped.srtp).toBe(0);
  });

  it('drops what is forged, repeated or not protected, and counts it', async () => {
    const sealed = protect(rtp(1));
    const forged = Buffer.from(sealed);
    forged[14]! ^= 1;
    await bring(forged);
    await bring(Buffer.from(sealed));
    await bring(Buffer.from(sealed));
    await bring(rtp(2));
    await bring(encodeBye({ ssrc: 1, cname: 'cam' }), true);
    expect(log.filter((line) => line !== 'flush')).toEqual(['online 1', 'rtp 0 1']);
    expect(counters.dropped.srtp).toBe(4);
  });

  it('follows the camera to another key', async () => {
    const next = createMasterKey();
    camera.rekey(next);
    await bring(protect(rtp(1)));
    expect(counters.dropped.srtp).toBe(1);
    media.rekey(next);
    await bring(protect(rtp(2)));
    expect(log).toContain('rtp 0 2');
  });

  it('reports under the key that was told for it', () => {
    clock.advance(5_000);
    const [report] = sentRtcp;
    const length = new SrtpReceiver(keys.send).rtcp(report!, 0, report!.length);
    expect(decodeRtcp(report!, 0, length)[0]).toMatchObject({ type: 'rr', ssrc: OURS });
  });
});
