import { ManualClock } from '@nightjar/common';
import { encodeBye, encodeRtp, encodeSenderReport, sequenceOf } from '@nightjar/rtp';
import type { SdpTrack } from '@nightjar/rtsp';
import { DEFAULT_MEDIA_POLICY, type MediaPolicy } from '../media-policy.js';
import { MediaReceiver } from '../media-receiver.js';
import { SourceCounters } from '../source-counters.js';

/** One `$` frame of a camera. */
export type Frame = readonly [channel: number, packet: Buffer];

const BASE = { payloadType: 96, fmtp: {} };
export const VIDEO: SdpTrack = {
  format: {
    ...BASE,
    kind: 'video',
    codec: 'h264',
    clockRateHz: 90_000,
    channels: 0,
    encodingName: 'H264',
  },
  control: 'trackID=0',
  direction: 'recvonly',
};

/** Sound of a codec that is passed on as it is. */
export function sound(encodingName: string, changed: Partial<SdpTrack['format']> = {}): SdpTrack {
  const format = { clockRateHz: 8_000, channels: 1, encodingName, codec: 'other' as const };
  return { ...VIDEO, format: { ...BASE, kind: 'audio', ...format, ...changed } };
}

/** A packet of the stream, on the channel of the first track. */
export function rtp(
  sequence: number,
  changed: Partial<Parameters<typeof encodeRtp>[0]> = {},
  payload: Uint8Array = Buffer.from('media'),
): Frame {
  const fields = { payloadType: 96, sequence, timestamp: sequence * 3_600, ssrc: 1, marker: true };
  return [0, encodeRtp({ ...fields, ...changed }, payload)];
}

export function report(ssrc: number): Frame {
  const times = { wallMs: Date.UTC(2026, 0, 1), rtpTimestamp: 3_600 };
  return [1, encodeSenderReport({ ssrc, ...times, packets: 1, octets: 5, cname: 'camera' })];
}

export function goodbye(ssrc: number): Frame {
  return [1, encodeBye({ ssrc, cname: 'camera' })];
}

/** What comes of the media of one track over TCP, under a policy. */
export class MediaBench {
  readonly clock = new ManualClock();
  readonly counters = new SourceCounters();
  /** What was passed on and told, in words. */
  readonly log: string[] = [];
  /** Copies of the packets that were passed on. */
  readonly passed: Buffer[] = [];
  /** Reports that we sent. */
  reports = 0;
  /** The track as it was told when it went online. */
  told: SdpTrack | undefined;
  readonly media: MediaReceiver;

  constructor(policy: Partial<MediaPolicy> = {}, track = VIDEO) {
    this.media = new MediaReceiver({
      clock: this.clock,
      inactivityMs: 60_000,
      ssrc: 0xfeed,
      cname: 'test',
      counters: this.counters,
      policy: { ...DEFAULT_MEDIA_POLICY, ...policy },
      sink: {
        rtp: (_, buf, offset, length) => {
          this.passed.push(Buffer.from(buf.subarray(offset, offset + length)));
          this.log.push(String(sequenceOf(buf, offset)));
        },
        senderReport: () => void this.log.push('report'),
        flush: () => undefined,
      },
      events: {
        online: ([first]) => void (this.told = first),
        newEpoch: () => void this.log.push('anew'),
        bye: () => void this.log.push('bye'),
        mixedUp: (detail) => void this.log.push(detail),
        silent: () => undefined,
      },
    });
    const carriage = { lower: 'tcp', rtpChannel: 0, rtcpChannel: 1 } as const;
    this.media.add({ index: 0, track, carriage, keys: undefined }, () => (this.reports += 1));
  }

  /** PLAY, and its answer. */
  play(): this {
    this.media.open();
    this.media.begin();
    return this;
  }

  /** What one read of the socket brings, all frames in one buffer. */
  read(...frames: readonly Frame[]): this {
    const buffer = Buffer.concat(frames.map(([, packet]) => packet));
    let offset = 0;
    this.media.startRead();
    for (const [channel, { length }] of frames) {
      this.media.interleaved(channel, buffer, offset, length);
      offset += length;
    }
    this.media.endRead();
    return this;
  }

  /** In one line. */
  get text(): string {
    return this.log.join(' ');
  }
}
