import { describe, expect } from '@jest/globals';
import { parseRange, type RtspResponse } from '@nightjar/rtsp';
import {
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
import { decodedPictures, rtspInput } from './support/ffmpeg.js';
import { RtspClient } from './support/rtsp-client.js';
import { RtspPlayer } from './support/rtsp-player.js';
import { figure } from './support/scale.js';
import { sharedStage } from './support/stage.js';

/** H.264 and AAC; and H.265. */
const CAMERA = 'front-door';
const OTHER_CAMERA = 'gate';
const WATCH_SECONDS = figure(60, 8);
const OUTAGE_SECONDS = 6;
const SEEKS = figure(1_000, 100);
/** Seeks come at any moment between two pictures. */
const SEEK_PAUSE_MS = 60;
const FRAME_MS = 40;

const OPTIONS = {
  secondsBefore: WATCH_SECONDS + 5,
  outageSeconds: OUTAGE_SECONDS,
  secondsAfter: 8,
};

function of({ stretches }: Archive, camera = CAMERA): Stretches {
  return stretches[camera]!;
}

const md5s = (units: readonly { readonly md5: string }[]): string[] => units.map(({ md5 }) => md5);

/** Waits until all tracks have said goodbye so often. */
async function byes({ tracks }: RtspPlayer, count: number, withinMs: number): Promise<void> {
  await eventually(
    () => expect(tracks.map((track) => track.byes)).toEqual(tracks.map(() => count)),
    { withinMs },
  );
}

/** Start of the Range that an answer to PLAY tells: epoch milliseconds or seconds. */
function startOf(response: RtspResponse): number {
  const range = parseRange(response.headers.get('Range') ?? '');
  return range.unit === 'other' ? Number.NaN : Number(range.start);
}

/** Seeks to a wall time while it plays; where play then began, as told and as seen. */
async function seek(
  player: RtspPlayer,
  wallMs: number,
  unit: { readonly nptOriginMs: number } | 'clock',
): Promise<{ readonly toldMs: number; readonly md5: string; readonly whole: boolean }> {
  const range =
    unit === 'clock'
      ? `clock=${new Date(wallMs).toISOString().replaceAll(/[-:]/g, '')}-`
      : `npt=${((wallMs - unit.nptOriginMs) / 1000).toFixed(3)}-`;
  const start = startOf(await player.play({ Range: range }));
  const first = await eventually(
    () => {
      const [picture] = player.video.units;
      if (picture === undefined) throw new Error('no picture');
      return picture;
    },
    { withinMs: 2_000, everyMs: 10 },
  );
  return {
    toldMs: unit === 'clock' ? start : unit.nptOriginMs + start * 1000,
    md5: first.md5,
    whole: first.keyframe && !first.damaged,
  };
}

describe('playback', () => {
  const withArchive = sharedStage(80_000 + WATCH_SECONDS * 2000, (stage) =>
    recordArchive(stage, [CAMERA, OTHER_CAMERA], OPTIONS),
  );

  for (const camera of [CAMERA, OTHER_CAMERA]) {
    withArchive(
      `of ${camera} gives ffmpeg the pictures of the files, over TCP and UDP`,
      20_000 + WATCH_SECONDS * 1000,
      async (archive) => {
        const { before } = of(archive, camera);
        // Within a GOP, and an end that is clearly between two pictures.
        const startMs = before[0]!.wallMs + 32 * FRAME_MS;
        const endMs = startMs + WATCH_SECONDS * 1000 + FRAME_MS / 2;
        const wanted = shown(before, startMs, endMs).map(({ decoded }) => decoded);
        const watch = (transport: string): Promise<string[]> =>
          decodedPictures(
            rtspInput(transport, playbackUrl(archive, camera, startMs, endMs)),
            (WATCH_SECONDS + 15) * 1000,
          );
        const [tcp, udp] = await Promise.all([watch('tcp'), watch('udp')]);
        expect(tcp).toEqual(wanted);
        expect(udp).toEqual(wanted);
      },
    );
  }

  withArchive(
    'starts at the keyframe at or before each of many random times, with nothing of the place before',
    20_000 + SEEKS * 200,
    async (archive, stage) => {
      const { before, after } = of(archive);
      const originMs = before[0]!.wallMs;
      const url = playbackUrl(archive, CAMERA, originMs, after.at(-1)!.endMs);
      const player = await RtspPlayer.open(stage, url);
      await player.play();
      for (let count = 0; count < SEEKS; count++) {
        const pictures = count % 4 === 0 ? after : before;
        const picture = pictures[Math.floor(Math.random() * pictures.length)]!;
        // Nearer to a picture than the clocks agree, it may be the one before.
        const marginMs = clockToleranceMs(picture.intoFileMs);
        const within = FRAME_MS - 2 * marginMs;
        const wallMs = Math.round(picture.wallMs + marginMs + Math.random() * within);
        // Normal play time is that of the wall only where no hole is before it.
        const unit = count % 2 === 0 ? 'clock' : { nptOriginMs: originMs };
        await pass(Math.random() * SEEK_PAUSE_MS);
        const began = await seek(player, wallMs, unit);
        const keyframe = keyframeBefore(pictures, wallMs);
        const offMs = Math.abs(began.toldMs - keyframe.wallMs);
        expect({ wallMs, off: offMs > clockToleranceMs(keyframe.intoFileMs), ...began }).toEqual({
          wallMs,
          off: false,
          toldMs: began.toldMs,
          md5: keyframe.md5,
          whole: true,
        });
      }
      expect({ lost: player.video.lost, ssrcs: player.video.ssrcs.size }).toEqual({
        lost: 0,
        ssrcs: 1,
      });
      await player.teardown();
    },
  );

  withArchive('pauses, and goes on with the next picture', 20_000, async (archive, stage) => {
    const { before } = of(archive);
    const url = playbackUrl(archive, CAMERA, before[0]!.wallMs, before.at(-1)!.endMs);
    const player = await RtspPlayer.open(stage, url);
    const seesMore = (): Promise<void> =>
      eventually(() => expect(player.video.units.length).toBeGreaterThan(20), { withinMs: 3_000 });
    await player.play();
    await seesMore();
    await player.pause();
    const { packets, units } = player.video;
    await pass(500);
    expect(player.video.packets).toBe(packets);
    await player.play();
    await seesMore();
    const seen = md5s([...units, ...player.video.units]);
    expect(seen).toEqual(md5s(before).slice(0, seen.length));
    expect(player.video.lost).toBe(0);
    await player.teardown();
  });

  for (const transport of ['tcp', 'udp'] as const) {
    withArchive(
      `says goodbye at the end over ${transport}, and keeps the session`,
      20_000,
      async (archive, stage) => {
        const { before } = of(archive);
        const startMs = before[0]!.wallMs;
        const endMs = startMs + 1_500;
        const url = playbackUrl(archive, CAMERA, startMs, endMs);
        const player = await RtspPlayer.open(stage, url, transport);
        for (let round = 1; round <= 2; round++) {
          await player.play({ Range: 'npt=0-' });
          await byes(player, round, 4_000);
          expect(md5s(player.video.units)).toEqual(md5s(shown(before, startMs, endMs)));
        }
        expect((await player.ask('GET_PARAMETER')).status).toBe(200);
        await player.teardown();
      },
    );
  }

  withArchive(
    'replays without rate control the frames and timestamps of real time, without waiting for it',
    20_000 + WATCH_SECONDS * 1000,
    async (archive, stage) => {
      const { before } = of(archive);
      const startMs = before[0]!.wallMs;
      const endMs = startMs + WATCH_SECONDS * 1000 + FRAME_MS / 2;
      const url = playbackUrl(archive, CAMERA, startMs, endMs);
      const [real, fast] = [await RtspPlayer.open(stage, url), await RtspPlayer.open(stage, url)];
      const seen = ({ tracks }: RtspPlayer): unknown[] =>
        tracks.map(({ units, lost }) => ({
          lost,
          units: units.map(({ md5, ticks }) => [md5, ticks - units[0]!.ticks]),
        }));
      const told = await real.play({ 'Rate-Control': 'yes' });
      expect(told.headers.get('Rate-Control')).toBe('yes');
      const rounds: unknown[] = [];
      for (let round = 1; round <= 2; round++) {
        const answer = await fast.play({ Range: 'npt=0-', 'Rate-Control': 'no' });
        expect(answer.headers.get('Rate-Control')).toBe('no');
        await byes(fast, round, 15_000);
        expect(md5s(fast.video.units)).toEqual(md5s(shown(before, startMs, endMs)));
        rounds.push(seen(fast));
      }
      // Both rounds were over before real time had come as far once.
      expect(real.video.units.length).toBeLessThan(fast.video.units.length);
      await byes(real, 1, (WATCH_SECONDS + 5) * 1000);
      expect(rounds[0]).toEqual(seen(real));
      expect(fast.tracks.map(({ lost }) => lost)).toEqual(fast.tracks.map(() => 0));
      await real.teardown();
      await fast.teardown();
    },
  );

  withArchive(
    'keeps to real time over UDP, and tells a client that asked otherwise',
    20_000,
    async (archive, stage) => {
      const startMs = of(archive).before[0]!.wallMs;
      const url = playbackUrl(archive, CAMERA, startMs, startMs + 4_000);
      const player = await RtspPlayer.open(stage, url, 'udp');
      const answer = await player.play({ 'Rate-Control': 'no' });
      expect(answer.headers.get('Rate-Control')).toBe('yes');
      expect((await player.ask('PLAY', { 'Rate-Control': 'maybe' })).status).toBe(400);
      await player.teardown();
    },
  );

  withArchive('ends where the Range of PLAY ends', 20_000, async (archive, stage) => {
    const { before } = of(archive);
    const originMs = before[0]!.wallMs;
    const url = playbackUrl(archive, CAMERA, originMs, before.at(-1)!.endMs);
    const player = await RtspPlayer.open(stage, url);
    const answer = await player.play({ Range: 'npt=0-1.020' });
    expect(parseRange(answer.headers.get('Range') ?? '')).toMatchObject({ start: 0, end: 1.02 });
    await byes(player, 1, 3_000);
    expect(md5s(player.video.units)).toEqual(md5s(shown(before, originMs, originMs + 1_020)));
    await player.teardown();
  });

  withArchive('skips what was not recorded', 30_000, async (archive, stage) => {
    const { before, after } = of(archive);
    const startMs = before.at(-1)!.wallMs - 2_000;
    const endMs = after[0]!.wallMs + 2_000 + FRAME_MS / 2;
    expect(after[0]!.wallMs - before.at(-1)!.endMs).toBeGreaterThan((OUTAGE_SECONDS - 2) * 1000);
    const wanted: ArchivedPicture[] = [
      ...shown(before, startMs, endMs),
      ...after.filter(({ wallMs }) => wallMs < endMs),
    ];
    const player = await RtspPlayer.open(stage, playbackUrl(archive, CAMERA, startMs, endMs));
    const beganMs = performance.now();
    await player.play();
    await byes(player, 1, 20_000);
    const tookMs = performance.now() - beganMs;
    expect(Math.abs(tookMs - wanted.length * FRAME_MS)).toBeLessThan(1_000);
    expect(md5s(player.video.units)).toEqual(md5s(wanted));
    expect(player.video.lost).toBe(0);
    await player.teardown();
  });

  for (const transport of ['tcp', 'udp'] as const) {
    withArchive(
      `reaches into the file that is being written, and goes on with it, over ${transport}`,
      30_000,
      async (archive, stage) => {
        const recordedMs = await archive.nightjar.recordedUntilMs(CAMERA);
        const url = playbackUrl(archive, CAMERA, recordedMs - 2_000);
        const player = await RtspPlayer.open(stage, url, transport);
        const answer = await player.play();
        expect(parseRange(answer.headers.get('Range') ?? '')).toMatchObject({ end: undefined });
        // Over the end of this file and the next, as they are recorded: a file is 3 s long.
        await eventually(
          () => expect(player.video.units.length * FRAME_MS).toBeGreaterThanOrEqual(9_000),
          { withinMs: 15_000 },
        );
        const { units, lost, byes: ended } = player.video;
        expect(units[0]?.keyframe).toBe(true);
        const damaged = units.filter((unit) => unit.damaged).length;
        expect({ lost, damaged, ended }).toEqual({ lost: 0, damaged: 0, ended: 0 });
        const ticks = units.map((unit) => unit.ticks);
        const steps = ticks.slice(1).map((at, i) => Math.round((at - ticks[i]!) / 90));
        // One picture after the other, as the camera made them: nothing twice, nothing left out.
        expect(new Set(steps.map((ms) => Math.abs(ms - FRAME_MS) <= 2))).toEqual(new Set([true]));
        await player.teardown();
      },
    );
  }

  withArchive(
    'tells the range in both units, and what it cannot play',
    10_000,
    async (archive, stage) => {
      const { nightjar } = archive;
      const startMs = of(archive).before[0]!.wallMs;
      const endMs = startMs + 4_000;
      const player = await RtspPlayer.open(stage, playbackUrl(archive, CAMERA, startMs, endMs));
      const ranges = (player.sdp.range ?? []).map((range) => parseRange(range));
      expect(ranges).toContainEqual({ unit: 'npt', start: 0, end: expect.closeTo(4, 2) });
      expect(ranges).toContainEqual({
        unit: 'clock',
        start: expect.closeTo(startMs, -1),
        end: expect.closeTo(endMs, -1),
      });
      expect((await player.ask('PLAY', { Range: 'npt=100-' })).status).toBe(457);
      await player.teardown();
      const describing = async (mount: string): Promise<number> => {
        const client = await RtspClient.connect(nightjar.url(mount));
        stage.defer(() => Promise.resolve(client.close()));
        return (await client.ask('DESCRIBE', client.url)).status;
      };
      const longAgo = 'start=2001-01-01T00:00:00Z&end=2001-01-01T01:00:00Z';
      expect(await describing(`playback/${CAMERA}?${longAgo}`)).toBe(404);
      expect(await describing(`playback/${CAMERA}?start=yesterday`)).toBe(400);
      expect(await describing('playback/nowhere')).toBe(404);
    },
  );
});
