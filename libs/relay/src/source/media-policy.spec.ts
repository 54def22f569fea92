import { describe, expect, it } from '@jest/globals';
import { configOf, createDepacketizer, formatOf, markerOf, timestampOf } from '@nightjar/rtp';
import type { SdpTrack } from '@nightjar/rtsp';
import type { MediaPolicy } from './media-policy.js';
import {
  MediaBench,
  VIDEO,
  goodbye,
  report,
  rtp,
  sound,
  type Frame,
} from './testing/media-bench.js';

/** What cameras with ways of their own send. */
const FIXTURES = {
  /** Reolink: packets of a session that has ended between those of this one. */
  leftovers: [rtp(1), rtp(900, { ssrc: 2 }), rtp(2), rtp(901, { ssrc: 2 }), rtp(3)],
  /** A source that changes with each picture. */
  newSourceEachTime: [rtp(1), rtp(1, { ssrc: 2 }), rtp(1, { ssrc: 3 })],
  /** A stream that begins anew without a word. */
  anotherStream: [rtp(1), ...Array.from({ length: 9 }, (_, i) => rtp(100 + i, { ssrc: 2 }))],
  /** A frame on a channel of a session of somebody else. */
  foreignChannel: [rtp(1), [8, rtp(5)[1]], rtp(2)],
  /** Tapo: reports under a source that never sends. */
  foreignReport: [rtp(1), report(77), rtp(2)],
  ownReport: [rtp(1), report(1), rtp(2)],
  /** Says goodbye, and goes on. */
  goodbyeAndOn: [rtp(1), goodbye(1), rtp(2)],
} satisfies Record<string, readonly Frame[]>;

const received = (fixture: keyof typeof FIXTURES, policy: Partial<MediaPolicy>): string =>
  new MediaBench(policy).play().read(...FIXTURES[fixture]).text;

function reportsSent(receiverReports: MediaPolicy['receiverReports']): number {
  const bench = new MediaBench({ receiverReports }).play().read(rtp(1));
  bench.clock.advance(11_000);
  return bench.reports;
}

/** What comes of media before PLAY is answered: two packets, and one behind the answer. */
function early(earlyMedia: MediaPolicy['earlyMedia']): MediaBench {
  const bench = new MediaBench({ earlyMedia });
  bench.media.open();
  bench.read(rtp(1), rtp(2));
  bench.media.begin();
  return bench.read(rtp(3));
}

const SETS = 'Z2QAMqw7UBQAWtCAAAH0AABhqEI=,aOqPLA==';
const WITH_SETS: SdpTrack = {
  ...VIDEO,
  format: {
    ...VIDEO.format,
    fmtp: { 'packetization-mode': '1', 'sprop-parameter-sets': SETS },
  },
};
const AAC = formatOf(
  { codec: 'aac', audioSpecificConfig: hexOf('1408'), sampleRateHz: 16_000, channels: 1 },
  96,
);
const aacAt = (clockRateHz: number): SdpTrack => ({
  ...VIDEO,
  format: { ...AAC, clockRateHz },
});
/** What a recorder makes of a track whose packets were passed on. */
function unitsOf({ told, passed }: MediaBench): number[] {
  const units: number[] = [];
  const depacketizer = createDepacketizer(told!.format, {
    accessUnit: ({ data }) => void units.push(data.length),
    config: () => undefined,
  })!;
  for (const packet of passed) depacketizer.push(packet, 0, packet.length);
  depacketizer.flush();
  return units;
}

/** OpenIPC: a marker on each of two slices of each of two pictures. Bytes of the pictures that are found. */
const pictures = (marker: MediaPolicy['marker']): number[] =>
  unitsOf(
    new MediaBench({ marker }, WITH_SETS)
      .play()
      .read(
        ...[1, 2, 3, 4].map((n) =>
          rtp(n, { timestamp: n < 3 ? 0 : 3_600 }, hexOf(n === 1 ? '65888411' : '659a33')),
        ),
      ),
  );

/** Mono: the first bytes of a bare frame, which say that two units of two and three bytes follow. */
const bareFrames = (aacHeaders: MediaPolicy['aacHeaders']): number[] =>
  unitsOf(
    new MediaBench({ aacHeaders }, aacAt(16_000))
      .play()
      .read(rtp(1, {}, hexOf('002000100018aabbccddee'))),
  );

/** Timestamps of four packets, two of each picture, the second picture 40 ms later, at a clock that stands. */
function times(policy: Partial<MediaPolicy>): number[] {
  const bench = new MediaBench(policy).play();
  for (const first of [1, 3]) {
    bench.read(rtp(first, { timestamp: 7, marker: false }), rtp(first + 1, { timestamp: 7 }));
    bench.clock.advance(40);
  }
  const [from = 0, ...others] = bench.passed.map((packet) => timestampOf(packet, 0));
  return others.map((timestamp) => timestamp - from);
}

/** A track as it is told under a policy. */
const told = (policy: Partial<MediaPolicy>, track: SdpTrack): SdpTrack['format'] =>
  new MediaBench(policy, track).play().told!.format;

function hexOf(text: string): Buffer {
  return Buffer.from(text, 'hex');
}

/** Name and bytes of what is passed on of one packet. */
function passed(policy: Partial<MediaPolicy>, name: string, payload = '01020304'): unknown[] {
  const bench = new MediaBench(policy, sound(name)).play().read(rtp(1, {}, hexOf(payload)));
  return [bench.told!.format.encodingName, bench.passed[0]!.subarray(12).toString('hex')];
}

/** For each policy, for each of its values, what a camera shows of it. */
const CASES: {
  readonly [Policy in keyof MediaPolicy]: Readonly<Record<MediaPolicy[Policy], () => void>>;
} = {
  unknownSsrc: {
    lasting: () => {
      expect(received('leftovers', { unknownSsrc: 'lasting' })).toBe('1 2 3');
      expect(received('anotherStream', { unknownSsrc: 'lasting' })).toBe('1 anew 107 108');
    },
    drop: () => {
      expect(received('leftovers', { unknownSsrc: 'drop' })).toBe('1 2 3');
      expect(received('anotherStream', { unknownSsrc: 'drop' })).toBe('1');
    },
    follow: () =>
      expect(received('newSourceEachTime', { unknownSsrc: 'follow' })).toBe('1 anew 1 anew 1'),
  },
  unassignedChannel: {
    drop: () => expect(received('foreignChannel', { unassignedChannel: 'drop' })).toBe('1 2'),
    reconnect: () =>
      expect(received('foreignChannel', { unassignedChannel: 'reconnect' })).toBe(
        '1 the camera sends on channel 8, which it was not given 2',
      ),
  },
  senderReports: {
    own: () => {
      expect(received('ownReport', { senderReports: 'own' })).toBe('1 report 2');
      expect(received('foreignReport', { senderReports: 'own' })).toBe('1 2');
    },
    any: () => expect(received('foreignReport', { senderReports: 'any' })).toBe('1 report 2'),
    ignore: () => expect(received('ownReport', { senderReports: 'ignore' })).toBe('1 2'),
  },
  receiverReports: {
    send: () => expect(reportsSent('send')).toBe(2),
    off: () => expect(reportsSent('off')).toBe(0),
  },
  goodbye: {
    believe: () => expect(received('goodbyeAndOn', { goodbye: 'believe' })).toBe('1 bye 2'),
    ignore: () => expect(received('goodbyeAndOn', { goodbye: 'ignore' })).toBe('1 2'),
  },
  earlyMedia: {
    take: () => expect(early('take').text).toBe('1 2 3'),
    drop: () => {
      expect(early('drop').text).toBe('3');
      expect(early('drop').counters.dropped.channel).toBe(2);
    },
  },
  marker: {
    // Each NAL unit stands behind its length.
    believe: () => expect(pictures('believe')).toEqual([8, 7, 7, 7]),
    ignore: () => expect(pictures('ignore')).toEqual([15, 14]),
  },
  pictureTimes: {
    camera: () => expect(times({ pictureTimes: 'camera' })).toEqual([0, 0, 0]),
    arrival: () => expect(times({ pictureTimes: 'arrival' })).toEqual([0, 3_600, 3_600]),
  },
  parameterSets: {
    sdp: () => expect(configOf(told({ parameterSets: 'sdp' }, WITH_SETS))).toBeDefined(),
    stream: () =>
      expect(told({ parameterSets: 'stream' }, WITH_SETS).fmtp).toEqual({
        'packetization-mode': '1',
      }),
  },
  aacClock: {
    config: () => {
      const clocks = [8_000, 16_000, 32_000, 90_000].map(
        (clock) => told({ aacClock: 'config' }, aacAt(clock)).clockRateHz,
      );
      // Twice the rate is that of a band that is replicated, and 90 kHz a clock of media.
      expect(clocks).toEqual([16_000, 16_000, 32_000, 90_000]);
    },
    rtpmap: () => expect(told({ aacClock: 'rtpmap' }, aacAt(8_000)).clockRateHz).toBe(8_000),
  },
  aacHeaders: {
    auto: () => expect(bareFrames('auto')).toEqual([2, 3]),
    absent: () => expect(bareFrames('absent')).toEqual([11]),
  },
  g726Packing: {
    named: () => {
      const names = ['G726-32', 'AAL2-G726-32'];
      expect(names.map((name) => passed({ g726Packing: 'named' }, name)[0])).toEqual(names);
    },
    rfc3551: () => expect(passed({ g726Packing: 'rfc3551' }, 'AAL2-G726-40')[0]).toBe('G726-40'),
    aal2: () =>
      expect(
        ['G726-16', 'AAL2-G726-16', 'GSM'].map((name) => passed({ g726Packing: 'aal2' }, name)[0]),
      ).toEqual(['AAL2-G726-16', 'AAL2-G726-16', 'GSM']),
  },
  pcmOrder: {
    named: () => {
      expect(passed({ pcmOrder: 'named' }, 'L16')).toEqual(['L16', '01020304']);
      expect(passed({ pcmOrder: 'named' }, 'PCM')).toEqual(['L16', '02010403']);
    },
    'big-endian': () =>
      expect(passed({ pcmOrder: 'big-endian' }, 'PCM')).toEqual(['L16', '01020304']),
    'little-endian': () => {
      expect(passed({ pcmOrder: 'little-endian' }, 'L16')).toEqual(['L16', '02010403']);
      // Half a sample at the end stays as it is.
      expect(passed({ pcmOrder: 'little-endian' }, 'L16', '010203')).toEqual(['L16', '020103']);
      expect(passed({ pcmOrder: 'little-endian' }, 'L24')).toEqual(['L24', '01020304']);
    },
  },
};

describe('a policy toward what a camera sends', () => {
  it.each(
    Object.entries(CASES).flatMap(([policy, values]) =>
      Object.entries(values).map(([value, check]) => [policy, value, check] as const),
    ),
  )('%s: %s', (_policy, _value, check) => check());

  it('pictureTimes: arrival tells pictures of one burst apart, and not by markers that are ignored', () => {
    const bench = new MediaBench({ pictureTimes: 'arrival' }).play().read(rtp(1), rtp(2), rtp(3));
    const at = bench.passed.map((packet) => timestampOf(packet, 0));
    expect([at[1]! - at[0]!, at[2]! - at[1]!]).toEqual([1, 1]);
    expect(times({ pictureTimes: 'arrival', marker: 'ignore' })).toEqual([0, 0, 0]);
  });

  it('pictureTimes: arrival has no use for the reports of a clock that is not used', () => {
    expect(received('ownReport', { pictureTimes: 'arrival' })).toBe('1 2');
    const bench = new MediaBench({ pictureTimes: 'arrival' }, sound('GSM')).play();
    expect(bench.read(...FIXTURES.ownReport).text).toBe('1 report 2');
  });

  it('marker: ignore leaves sound and what has other pictures alone', () => {
    for (const track of [sound('GSM'), { ...VIDEO, format: { ...VIDEO.format, codec: 'other' } }]) {
      const bench = new MediaBench({ marker: 'ignore' }, track as SdpTrack).play().read(rtp(1));
      expect(markerOf(bench.passed[0]!, 0)).toBe(true);
    }
  });
});
