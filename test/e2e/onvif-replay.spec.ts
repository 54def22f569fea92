import { describe, expect } from '@jest/globals';
import { parseRange } from '@nightjar/rtsp';
import {
  ROUNDING_MS,
  clockToleranceMs,
  keyframeBefore,
  playbackUrl,
  recordArchive,
  shown,
  type Archive,
  type ArchivedPicture,
  type Stretches,
} from './support/archive.js';
import { eventually, pass } from './support/eventually.js';
import { gstReplay } from './support/gstreamer.js';
import type { ReceivedUnit } from './support/player-track.js';
import { runProgram } from './support/program.js';
import { RtspClient } from './support/rtsp-client.js';
import { RtspPlayer } from './support/rtsp-player.js';
import { sharedStage } from './support/stage.js';

/** H.264 with AAC and H.265, each with a keyframe every two seconds. */
const CAMERA = 'front-door';
const OTHER_CAMERA = 'gate';
const FRAME_MS = 40;
const REPLAY = 'onvif-replay';
const QUIET_MS = 600;
/** What a player from the command line shows before it leaves. */
const PICTURES = 60;
const CHECKSUM = /[0-9a-f]{40}$/;

const of = ({ stretches }: Archive, camera = CAMERA): Stretches => stretches[camera]!;
const clock = (ms: number): string =>
  new Date(Math.round(ms)).toISOString().replaceAll(/[-:]/g, '');
const md5s = (units: readonly { readonly md5: string }[]): string[] => units.map(({ md5 }) => md5);

/** Waits until nothing has come for a while. */
async function quiet({ video }: RtspPlayer): Promise<void> {
  const sinceMs = performance.now();
  await eventually(
    () => {
      const lastMs = Math.max(sinceMs, video.lastArrivalMs);
      expect(performance.now() - lastMs).toBeGreaterThan(QUIET_MS);
    },
    { withinMs: 20_000 },
  );
}

function flags({ replay }: ReceivedUnit): string {
  return [
    replay?.cleanPoint === true ? 'C' : '',
    replay?.endOfSection === true ? 'E' : '',
    replay?.discontinuity === true ? 'D' : '',
    replay?.terminal === true ? 'T' : '',
  ].join('');
}

/** GOPs of the pictures, last first. */
function gopsBackwards(pictures: readonly ArchivedPicture[]): ArchivedPicture[][] {
  const gops: ArchivedPicture[][] = [];
  for (const picture of pictures) {
    if (picture.keyframe) gops.unshift([picture]);
    else gops[0]?.push(picture);
  }
  return gops;
}

/** Wall times that were told of pictures, in ms, are theirs. */
function expectTimes(toldMs: readonly number[], wanted: readonly ArchivedPicture[]): void {
  const wrong = wanted.flatMap(({ wallMs, intoFileMs }, i) => {
    const offMs = Math.abs(toldMs[i]! - wallMs);
    return offMs < clockToleranceMs(intoFileMs) ? [] : [{ i, offMs, intoFileMs }];
  });
  expect(wrong).toEqual([]);
}

describe('ONVIF replay', () => {
  const withArchive = sharedStage(70_000, (stage) =>
    recordArchive(stage, [CAMERA, OTHER_CAMERA], {
      secondsBefore: 14,
      outageSeconds: 5,
      secondsAfter: 9,
    }),
  );
  const whole = (archive: Archive, camera = CAMERA): string =>
    archive.nightjar.url(`playback/${camera}`);

  for (const camera of [CAMERA, OTHER_CAMERA]) {
    withArchive(
      `of the whole archive of ${camera} says of each picture when it was taken and where it stands`,
      20_000,
      async (archive, stage) => {
        const { before, after } = of(archive, camera);
        const player = await RtspPlayer.open(stage, whole(archive, camera), 'tcp', REPLAY);
        const startMs = before[40]!.wallMs;
        const endMs = after.at(-2)!.wallMs;
        const answer = await player.play({
          Range: `clock=${clock(startMs)}-${clock(endMs + FRAME_MS / 2)}`,
          'Rate-Control': 'no',
          CSeq: '1234',
        });
        expect(answer.headers.get('Rate-Control')).toBe('no');
        await quiet(player);
        const head = shown(before, startMs, Infinity);
        const wanted = [...head, ...after.filter(({ wallMs }) => wallMs <= endMs)];
        const { units } = player.video;
        expect(md5s(units)).toEqual(md5s(wanted));
        expectTimes(
          units.map(({ replay }) => replay!.wallMs),
          wanted,
        );
        const gap = head.length;
        const expected = wanted.map(({ keyframe }, i) =>
          [
            keyframe ? 'C' : '',
            i === gap - 1 ? 'E' : '',
            i === 0 || i === gap ? 'D' : '',
            i === wanted.length - 1 ? 'T' : '',
          ].join(''),
        );
        expect(units.map(flags)).toEqual(expected);
        expect(new Set(units.map(({ replay }) => replay!.cseq))).toEqual(new Set([1234 & 0xff]));
        // It has stopped sending, and is still playing.
        expect(player.tracks.map(({ byes }) => byes)).toEqual(player.tracks.map(() => 0));
        expect((await player.ask('GET_PARAMETER')).status).toBe(200);
        await player.teardown();
      },
    );

    withArchive(
      `of ${camera} goes backwards by GOPs, over a gap`,
      20_000,
      async (archive, stage) => {
        const { before, after } = of(archive, camera);
        const player = await RtspPlayer.open(stage, whole(archive, camera), 'tcp', REPLAY);
        const startMs = after[60]!.wallMs;
        const answer = await player.play({
          Range: `clock=${clock(startMs + 1)}-`,
          'Rate-Control': 'no',
          Scale: '-1.0',
        });
        expect(answer.headers.get('Scale')).toBe('-1.000');
        const range = parseRange(answer.headers.get('Range') ?? '');
        expect(Number('end' in range && range.end)).toBeLessThan(
          Number('start' in range && range.start),
        );
        await quiet(player);
        const gops = gopsBackwards([...before, ...after.slice(0, 61)]);
        const { units, lost } = player.video;
        expect(md5s(units)).toEqual(md5s(gops.flat()));
        expect(lost).toBe(0);
        const firstAfterGap = gops.findIndex(([key]) => key === after[0]);
        const expected = gops.flatMap((gop, g) =>
          gop.map((_, i) => {
            const last = i === gop.length - 1;
            const ends = last && (g === firstAfterGap || g === gops.length - 1);
            const end = last && g === gops.length - 1 ? 'T' : '';
            return [i === 0 ? 'C' : '', ends ? 'E' : '', i === 0 ? 'D' : '', end].join('');
          }),
        );
        expect(units.map(flags)).toEqual(expected);
        // RTP timestamps are those of forward play: the clock of the recording, without the gap.
        for (const gop of [gops[0]!, gops.at(-1)!]) {
          const at = gops.flat().indexOf(gop[0]!);
          gop.forEach((picture, i) => {
            const ms = (units[at + i]!.ticks - units[at]!.ticks) / 90;
            const wantedMs = picture.wallMs - gop[0]!.wallMs;
            expect(Math.abs(ms - wantedMs)).toBeLessThan(clockToleranceMs(wantedMs));
          });
        }
        const audio = player.tracks.filter(({ format }) => format.kind === 'audio');
        expect(audio.map(({ packets }) => packets)).toEqual(audio.map(() => 0));
        await player.teardown();
      },
    );
  }

  for (const transport of ['tcp', 'udp'] as const) {
    withArchive(
      `backwards in real time over ${transport} has the times at which pictures are to be shown`,
      20_000,
      async (archive, stage) => {
        const { before } = of(archive);
        const player = await RtspPlayer.open(stage, whole(archive), transport, REPLAY);
        const startMs = keyframeBefore(before, before.at(-60)!.wallMs).wallMs + 1_000;
        const startedMs = performance.now();
        await player.play({
          Range: `clock=${clock(startMs)}-${clock(startMs - 3_500)}`,
          Scale: '-1.0',
          'Rate-Control': 'yes',
        });
        await quiet(player);
        const tookMs = player.video.lastArrivalMs - startedMs;
        const { units, lost } = player.video;
        expect(lost).toBe(0);
        const [origin] = units;
        for (const { ticks, replay } of units) {
          const shownMs = (ticks - origin!.ticks) / 90;
          expect(Math.abs(shownMs - (origin!.replay!.wallMs - replay!.wallMs))).toBeLessThan(
            ROUNDING_MS,
          );
        }
        // Three GOPs, of which one is cut by the start: each is sent while the one after it is shown.
        expect(units.length * FRAME_MS).toBeGreaterThanOrEqual(4_900);
        // From the time at which the first of all is due to that of the last, 4 s: the second is half over by then.
        expect(tookMs).toBeGreaterThan(3_700);
        expect(tookMs).toBeLessThan(5_500);
        await player.teardown();
      },
    );

    withArchive(
      `plays at other scales over ${transport}, for players without ONVIF`,
      30_000,
      async (archive, stage) => {
        const { before } = of(archive);
        const startMs = before[0]!.wallMs;
        const endMs = startMs + 8_000 - FRAME_MS / 2;
        const url = playbackUrl(archive, CAMERA, startMs, endMs);
        const player = await RtspPlayer.open(stage, url, transport);
        const keyframes = shown(before, startMs, endMs).filter(({ keyframe }) => keyframe);
        const run = async (headers: Record<string, string>): Promise<ReceivedUnit[]> => {
          const rounds = player.video.byes;
          const answer = await player.play(headers);
          expect(answer.headers.get('Scale')).toBe(Number(headers['Scale']).toFixed(3));
          await eventually(() => expect(player.video.byes).toBe(rounds + 1), { withinMs: 9_000 });
          expect(player.tracks.slice(1).map(({ units }) => units)).toEqual(
            player.tracks.slice(1).map(() => []),
          );
          return player.video.units;
        };
        const spanMs = (units: readonly ReceivedUnit[]): number =>
          units.at(-1)!.arrivedMs - units[0]!.arrivedMs;
        const double = await run({ Range: 'npt=0-', Scale: '2' });
        expect(md5s(double)).toEqual(md5s(shown(before, startMs, endMs)));
        expect(Math.abs(spanMs(double) - 4_000)).toBeLessThan(700);
        expect((double.at(-1)!.ticks - double[0]!.ticks) / 90).toBeCloseTo(3_980, -1);
        const fast = await run({ Range: 'npt=0-', Scale: '8' });
        expect(md5s(fast)).toEqual(md5s(keyframes));
        expect(Math.abs(spanMs(fast) - 750)).toBeLessThan(400);
        const back = await run({ Range: 'npt=7.9-', Scale: '-4' });
        expect(md5s(back)).toEqual(md5s(keyframes).toReversed());
        const rising = back.slice(1).every(({ ticks }, i) => ticks > back[i]!.ticks);
        expect(rising).toBe(true);
        expect([player.video.lost, back.every(({ replay }) => replay === undefined)]).toEqual([
          0,
          true,
        ]);
        await player.teardown();
      },
    );
  }

  withArchive('sends the frames that are asked for', 20_000, async (archive, stage) => {
    const { before } = of(archive);
    const player = await RtspPlayer.open(stage, whole(archive), 'tcp', REPLAY);
    const range = `clock=${clock(before[0]!.wallMs)}-${clock(before[0]!.wallMs + 9_980)}`;
    const keyframes = shown(before, before[0]!.wallMs, before[0]!.wallMs + 9_980).filter(
      ({ keyframe }) => keyframe,
    );
    const play = async (frames: string): Promise<readonly ReceivedUnit[]> => {
      await player.play({ Range: range, 'Rate-Control': 'no', Frames: frames, Immediate: 'yes' });
      await quiet(player);
      return player.video.units;
    };
    const intra = await play('intra');
    expect(md5s(intra)).toEqual(md5s(keyframes));
    expect(intra.map(flags).at(-1)).toBe('CT');
    const thinned = await play('intra/4000');
    expect(md5s(thinned)).toEqual(md5s(keyframes.filter((_, i) => i % 2 === 0)));
    expect((await play('all')).length).toBe(250);
    await player.teardown();
  });

  withArchive(
    'goes to another place at once, and changes scale on the way',
    20_000,
    async (archive, stage) => {
      const { before } = of(archive);
      const player = await RtspPlayer.open(stage, whole(archive), 'tcp', REPLAY);
      await player.play({ Range: `clock=${clock(before[0]!.wallMs)}-` });
      await eventually(() => expect(player.video.units.length).toBeGreaterThan(10), {
        withinMs: 3_000,
      });
      const target = keyframeBefore(before, before[200]!.wallMs);
      await player.play({
        Range: `clock=${clock(before[200]!.wallMs)}-`,
        Immediate: 'yes',
        CSeq: '300',
      });
      const [first] = await eventually(
        () => {
          expect(player.video.units.length).toBeGreaterThan(0);
          return player.video.units;
        },
        { withinMs: 2_000 },
      );
      expect([first!.md5, flags(first!), first!.replay!.cseq]).toEqual([
        target.md5,
        'CD',
        300 & 0xff,
      ]);
      await pass(300);
      const reached = player.video.units.at(-1)!.replay!.wallMs;
      const answer = await player.play({ Scale: '2' });
      const range = parseRange(answer.headers.get('Range') ?? '');
      expect(Math.abs(Number('start' in range && range.start) - reached)).toBeLessThan(150);
      await eventually(() => expect(player.video.units.length).toBeGreaterThan(5), {
        withinMs: 2_000,
      });
      expect(player.video.units[0]!.replay!.wallMs).toBeGreaterThan(reached);
      expect(player.video.lost).toBe(0);
      await player.teardown();
    },
  );

  withArchive('takes the time of a gap where that is asked for', 20_000, async (archive, stage) => {
    const { before, after } = of(archive);
    const startMs = keyframeBefore(before, before.at(-1)!.wallMs).wallMs + FRAME_MS / 2;
    const url = `${playbackUrl(archive, CAMERA, startMs, after[20]!.wallMs)}&gaps=real`;
    const player = await RtspPlayer.open(stage, url);
    await player.play({ Scale: '2' });
    await eventually(() => expect(player.video.byes).toBe(1), { withinMs: 12_000 });
    const { units } = player.video;
    const first = shown(before, startMs, Infinity).length;
    const gapMs = (after[0]!.wallMs - before.at(-1)!.wallMs) / 2;
    const { [first - 1]: last, [first]: next } = units;
    expect(Math.abs((next!.ticks - last!.ticks) / 90 - gapMs)).toBeLessThan(
      clockToleranceMs(before.at(-1)!.intoFileMs),
    );
    expect(Math.abs(next!.arrivedMs - last!.arrivedMs - gapMs)).toBeLessThan(300);
    await player.teardown();
  });

  withArchive(
    'answers what cannot be read, and keeps the session',
    10_000,
    async (archive, stage) => {
      const player = await RtspPlayer.open(stage, whole(archive));
      const status = async (headers: Record<string, string>): Promise<number> =>
        (await player.ask('PLAY', headers)).status;
      const refused: readonly [Record<string, string>, number][] = [
        [{ Scale: 'abc' }, 400],
        [{ Scale: '0' }, 400],
        [{ Scale: 'NaN' }, 400],
        [{ Scale: '1e9' }, 400],
        [{ Speed: '0' }, 400],
        [{ Speed: '2-1' }, 400],
        [{ Frames: 'x' }, 400],
        [{ Frames: 'all/100' }, 400],
        [{ Immediate: 'perhaps' }, 400],
        [{ 'Rate-Control': 'maybe' }, 400],
        [{ Range: 'clock=yesterday-' }, 400],
        [{ Range: 'smpte=10:00:00-' }, 457],
        [{ Range: 'smpte=ten-' }, 400],
        [{ Range: 'bytes=0-100' }, 501],
        [{ Range: 'npt=1000000-' }, 457],
        [{ Range: 'npt=5-2' }, 457],
        [{ Range: 'npt=2-5', Scale: '-1' }, 457],
        [{ Require: 'x-nobody-knows' }, 551],
      ];
      const answers: [Record<string, string>, number][] = [];
      for (const [headers] of refused) answers.push([headers, await status(headers)]);
      expect(answers).toEqual(refused);
      const clamped = await player.play({
        Range: 'npt=0-',
        Scale: '1000000000',
        Speed: '1.0-1000',
      });
      expect([clamped.headers.get('Scale'), clamped.headers.get('Speed')]).toEqual([
        '64.000',
        '16.000',
      ]);
      await eventually(() => expect(player.video.units.length).toBeGreaterThan(0), {
        withinMs: 2_000,
      });
      const unsupported = await player.ask('PLAY', { Require: `${REPLAY}, x-nobody-knows` });
      expect(unsupported.headers.get('Unsupported')).toBe('x-nobody-knows');
      const other = await RtspClient.connect(whole(archive));
      stage.defer(() => Promise.resolve(other.close()));
      expect((await other.ask('PLAY', other.url, { Immediate: 'yes' })).status).toBe(454);
      await player.teardown();
    },
  );

  withArchive(
    'is described by the clock, with its tracks; live streams know nothing of it',
    10_000,
    async (archive, stage) => {
      const { before } = of(archive);
      const client = await RtspClient.connect(whole(archive));
      stage.defer(() => Promise.resolve(client.close()));
      const sdp = async (headers: Record<string, string>): Promise<string[]> => {
        const answer = await client.ask('DESCRIBE', client.url, headers);
        expect(answer.status).toBe(200);
        return answer.body
          .toString()
          .split('\r\n')
          .filter((line) => /^a=(range|x-onvif)/.test(line));
      };
      const start = clock(before[0]!.wallMs).slice(0, 15);
      const byClock = await sdp({ Require: REPLAY });
      expect(byClock[0]).toMatch(new RegExp(`^a=range:clock=${start}\\.\\d{3}Z-$`));
      expect(byClock.slice(2)).toEqual(['a=x-onvif-track:VIDEO001', 'a=x-onvif-track:AUDIO001']);
      expect((await sdp({}))[0]).toMatch(/^a=range:npt=0\.000-\d/);
      const live = await RtspClient.connect(archive.nightjar.url(CAMERA));
      stage.defer(() => Promise.resolve(live.close()));
      const answer = await live.ask('DESCRIBE', live.url, { Require: REPLAY });
      expect([answer.status, answer.headers.get('Unsupported')]).toEqual([551, REPLAY]);
    },
  );

  describe('by GStreamer, rtspsrc onvif-mode=true', () => {
    const range = (archive: Archive): { startMs: number; stopMs: number } => {
      const { before } = of(archive);
      const startMs = keyframeBefore(before, before[100]!.wallMs).wallMs + 500;
      return { startMs, stopMs: startMs + 5_000 };
    };
    const wallOf = (units: readonly { readonly wallMs: number }[]): number[] =>
      units.map(({ wallMs }) => Math.round(wallMs));

    for (const [how, properties] of [
      ['in real time', 'onvif-rate-control=true'],
      ['as fast as it can', 'onvif-rate-control=false buffer-mode=none'],
    ] as const) {
      withArchive(`plays from the command line ${how}`, 30_000, async (archive) => {
        const decode = 'rtph264depay ! h264parse ! avdec_h264';
        const pipeline = [
          `rtspsrc onvif-mode=true ${properties} protocols=tcp location=${whole(archive)} name=s`,
          `s. ! application/x-rtp,media=video ! rtponvifparse ! ${decode}`,
          `! identity eos-after=${PICTURES + 1} ! checksumsink sync=false`,
        ];
        const args = ['-q', ...pipeline.join(' ').split(' ')];
        // What it says at its end is not looked at: rtspsrc interrupts its own PAUSE with its TEARDOWN now and then.
        const { stdout } = await runProgram('gst-launch-1.0', args, { limitMs: 25_000 });
        expect(stdout.split('\n').filter((line) => CHECKSUM.test(line))).toHaveLength(PICTURES);
      });
    }

    withArchive('plays forwards as fast as it can', 40_000, async (archive) => {
      const { startMs, stopMs } = range(archive);
      const wanted = shown(of(archive).before, startMs, stopMs);
      const { units, requests, pictures } = await gstReplay(
        whole(archive),
        1,
        { startMs, stopMs },
        ['require'],
      );
      expect(requests.at(-1)).toMatchObject({ require: REPLAY, scale: null });
      expect(units).toHaveLength(wanted.length);
      expectTimes(
        units.map(({ wallMs }) => wallMs),
        wanted,
      );
      expect(units.map(({ flags: set }) => set)).toEqual(
        wanted.map(({ keyframe }, i) => (i === 0 ? 'CD' : keyframe ? 'C' : '')),
      );
      expect(pictures).toBeGreaterThanOrEqual(wanted.length);
    });

    withArchive('plays backwards', 40_000, async (archive) => {
      const { startMs, stopMs } = range(archive);
      const { units, requests, pictures } = await gstReplay(
        whole(archive),
        -1,
        { startMs, stopMs },
        ['require'],
      );
      expect(requests.at(-1)).toMatchObject({ require: REPLAY, scale: '-1' });
      const keys = units.filter(({ flags: set }) => set.includes('C'));
      expect(keys.every(({ flags: set }) => set.includes('D'))).toBe(true);
      const times = wallOf(keys);
      expect(times.length).toBeGreaterThanOrEqual(2);
      expect(times).toEqual([...times].sort((a, b) => b - a));
      expect(units.filter(({ flags: set }) => set.includes('D'))).toHaveLength(keys.length);
      const sequences = units
        .slice(1)
        .map(({ sequence }, i) => (sequence - units[i]!.sequence) & 0xffff);
      expect(sequences.every((step) => step > 0 && step < 1000)).toBe(true);
      expect(pictures).toBeGreaterThan(20);
    });

    withArchive('plays keyframes backwards', 40_000, async (archive) => {
      const { startMs, stopMs } = range(archive);
      const { units } = await gstReplay(whole(archive), -1, { startMs, stopMs }, [
        'require',
        'key-units',
      ]);
      expect(units.length).toBeGreaterThanOrEqual(2);
      expect(units.every(({ flags: set }) => /^CE?DT?$/.test(set))).toBe(true);
      const times = wallOf(units);
      expect(times).toEqual([...times].sort((a, b) => b - a));
    });
  });
});
