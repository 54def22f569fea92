import { describe, expect, it } from '@jest/globals';
import { ManualClock } from '@nightjar/common';
import { encodeBye, encodeRtp, encodeSenderReport, sequenceOf } from '@nightjar/rtp';
import type { SdpTrack } from '@nightjar/rtsp';
import { DEFAULT_MEDIA_POLICY, type MediaPolicy } from './media-policy.js';
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

type Frame = readonly [channel: number, packet: Buffer];

const rtp = (sequence: number, ssrc = 1): Frame => [
  0,
  encodeRtp(
    { payloadType: 96, sequence, timestamp: sequence * 3_600, ssrc, marker: true },
    Buffer.from('media'),
  ),
];
const report = (ssrc: number): Frame => [
  1,
  encodeSenderReport({
    ssrc,
    wallMs: Date.UTC(2026, 0, 1),
    rtpTimestamp: 3_600,
    packets: 1,
    octets: 5,
    cname: 'camera',
  }),
];

/** What cameras with ways of their own send. */
const FIXTURES = {
  /** Reolink: packets of a session that has ended between those of this one. */
  leftovers: [rtp(1), rtp(900, 2), rtp(2), rtp(901, 2), rtp(3)],
  /** A source that changes with each picture. */
  newSourceEachTime: [rtp(1), rtp(1, 2), rtp(1, 3)],
  /** A stream that begins anew without a word. */
  anotherStream: [rtp(1), ...Array.from({ length: 9 }, (_, i) => rtp(100 + i, 2))],
  /** A frame on a channel of a session of somebody else. */
  foreignChannel: [rtp(1), [8, rtp(5)[1]], rtp(2)],
  /** Tapo: reports under a source that never sends. */
  foreignReport: [rtp(1), report(77), rtp(2)],
  ownReport: [rtp(1), report(1), rtp(2)],
  /** Says goodbye, and goes on. */
  goodbyeAndOn: [rtp(1), [1, encodeBye({ ssrc: 1, cname: 'camera' })], rtp(2)],
} satisfies Record<string, readonly Frame[]>;

function receive(
  frames: readonly Frame[],
  changed: Partial<MediaPolicy>,
): { log: string[]; reports: number } {
  const clock = new ManualClock();
  const log: string[] = [];
  let reports = 0;
  const media = new MediaReceiver({
    clock,
    inactivityMs: 60_000,
    ssrc: 0xfeed,
    cname: 'test',
    counters: new SourceCounters(),
    policy: { ...DEFAULT_MEDIA_POLICY, ...changed },
    sink: {
      rtp: (_, buf, offset) => void log.push(String(sequenceOf(buf, offset))),
      senderReport: () => void log.push('report'),
      flush: () => undefined,
    },
    events: {
      online: () => undefined,
      newEpoch: () => void log.push('anew'),
      bye: () => void log.push('bye'),
      mixedUp: (detail) => void log.push(detail),
      silent: () => undefined,
    },
  });
  const carriage = { lower: 'tcp', rtpChannel: 0, rtcpChannel: 1 } as const;
  media.add({ index: 0, track: VIDEO, carriage, keys: undefined }, () => (reports += 1));
  media.open();
  media.begin();
  for (const [channel, packet] of frames) {
    media.startRead();
    media.interleaved(channel, packet, 0, packet.length);
    media.endRead();
  }
  clock.advance(11_000);
  media.close();
  return { log, reports };
}

describe('a policy toward what a camera sends', () => {
  it.each<[keyof MediaPolicy, string, keyof typeof FIXTURES, string]>([
    ['unknownSsrc', 'lasting', 'leftovers', '1 2 3'],
    ['unknownSsrc', 'lasting', 'anotherStream', '1 anew 107 108'],
    ['unknownSsrc', 'drop', 'leftovers', '1 2 3'],
    ['unknownSsrc', 'drop', 'anotherStream', '1'],
    ['unknownSsrc', 'follow', 'newSourceEachTime', '1 anew 1 anew 1'],
    ['unassignedChannel', 'drop', 'foreignChannel', '1 2'],
    [
      'unassignedChannel',
      'reconnect',
      'foreignChannel',
      '1 the camera sends on channel 8, which it was not given 2',
    ],
    ['senderReports', 'own', 'ownReport', '1 report 2'],
    ['senderReports', 'own', 'foreignReport', '1 2'],
    ['senderReports', 'any', 'foreignReport', '1 report 2'],
    ['senderReports', 'ignore', 'ownReport', '1 2'],
    ['goodbye', 'believe', 'goodbyeAndOn', '1 bye 2'],
    ['goodbye', 'ignore', 'goodbyeAndOn', '1 2'],
  ])('%s: %s: %s', (policy, value, fixture, expected) => {
    expect(receive(FIXTURES[fixture], { [policy]: value }).log.join(' ')).toBe(expected);
  });

  it('receiverReports: send, or off', () => {
    expect(receive(FIXTURES.ownReport, {}).reports).toBe(2);
    expect(receive(FIXTURES.ownReport, { receiverReports: 'off' }).reports).toBe(0);
  });
});
