import { describe, expect } from '@jest/globals';
import { startPostgres, type TestPostgres } from '../support/postgres.js';
import { Cameras } from './support/cameras.js';
import { expectCatalogued } from './support/catalog.js';
import { childrenOf, isRunning, variableOf } from './support/children.js';
import { concurrently } from './support/concurrently.js';
import { eventually, within } from './support/eventually.js';
import { decodingErrors, rtspInput } from './support/ffmpeg.js';
import { complaintsAbout, footageOf, segmentFiles } from './support/footage.js';
import { cameraAt, Installation, recordedCameraAt } from './support/installation.js';
import type { NodeProcess } from './support/node-process.js';
import { RtspClient } from './support/rtsp-client.js';
import { RtspPlayer } from './support/rtsp-player.js';
import { figure } from './support/scale.js';
import { scenario, sharedStage, type Stage } from './support/stage.js';

const CLIPS = {
  'front-door': 'front-door',
  gate: 'gate',
  garden: 'garden',
  workshop: 'workshop',
  yard: 'synthetic',
} as const;
const NAMES = Object.keys(CLIPS);
const RESTART_LIMIT_MS = 8_000;
const STOP_LIMIT_MS = 4_000;
const MISSING_LIMIT_MS = 1_500;
const CATALOG_LIMIT_MS = 15_000;
const FSCK_FINDINGS = /file-without-row|row-without-file|row-differs|unclosed|damaged/;

interface Running {
  readonly cameras: Cameras;
  readonly nightjar: Installation;
  media: NodeProcess;
}

async function startProcesses(stage: Stage, processes: number): Promise<Running> {
  const cameras = await Cameras.start(stage, { ...CLIPS, late: 'synthetic' });
  const nightjar = await Installation.create(stage, {
    media: { processes },
    recording: { segment: '3s' },
    cameras: recorded(cameras, NAMES),
  });
  return { cameras, nightjar, media: await nightjar.startMedia() };
}

function recorded(cameras: Cameras, names: readonly string[]): Record<string, object> {
  return Object.fromEntries(names.map((name) => [name, recordedCameraAt(cameras.url(name))]));
}

/** What ffmpeg is told to watch two seconds of a URL. */
function watching(transport: string, url: string): string[] {
  return [...rtspInput(transport, url), '-t', '2'];
}

/** Process ids of the shards, by number. */
async function shardPids(media: NodeProcess): Promise<Map<number, number>> {
  const pids = await childrenOf(media.pid, 'media/src/shard');
  const entries = pids.map(
    async (pid) => [Number(await variableOf(pid, 'NIGHTJAR_SHARD')), pid] as const,
  );
  return new Map(await Promise.all(entries));
}

/** Cameras by shard, as the front told last. */
function camerasByShard({ log }: NodeProcess): string[][] {
  const shards: string[][] = [];
  for (const line of log.split('\n')) {
    if (!line.includes('cameras of a media process')) continue;
    const { shard, cameras } = JSON.parse(line) as { shard: number; cameras: string[] };
    shards[shard] = cameras;
  }
  return shards;
}

async function recordsAll({ nightjar }: Running, names: readonly string[], seconds: number) {
  await eventually(
    async () => {
      const metrics = await nightjar.metrics();
      for (const camera of names)
        expect(metrics.sum('nightjar_recording_seconds_total', { camera })).toBeGreaterThan(
          seconds,
        );
    },
    { withinMs: 20_000, everyMs: 200 },
  );
}

/** Cameras are started one after the other, and each is waited for to begin a GOP. */
const FIRST_PICTURE_LIMIT_MS = 10_000;

async function expectCleanFsck(nightjar: Installation, postgres: TestPostgres): Promise<void> {
  const { code, stdout, stderr } = await nightjar.cli(['fsck'], {
    NIGHTJAR_DATABASE_URL: postgres.url,
  });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).not.toMatch(FSCK_FINDINGS);
}

interface GapRow {
  readonly camera: string;
  readonly reason: string;
  readonly start: number;
  readonly end: number;
}

/** All but the wait for the first picture after a camera was declared, with which an account may begin. */
async function gapsIn(postgres: TestPostgres): Promise<GapRow[]> {
  const gaps = await postgres.query<GapRow>(
    `SELECT c.name AS camera, g.reason, extract(epoch FROM g.start_at)::float8 * 1000 AS start,
       extract(epoch FROM g.end_at)::float8 * 1000 AS "end"
     FROM gap g JOIN stream s ON s.id = g.stream_id JOIN camera c ON c.id = s.camera_id ORDER BY g.start_at`,
  );
  return NAMES.flatMap((name) => {
    const own = gaps.filter(({ camera }) => camera === name);
    const [first] = own;
    if (first?.reason !== 'camera-offline') return own;
    expect(first.end - first.start).toBeLessThan(FIRST_PICTURE_LIMIT_MS);
    return own.slice(1);
  });
}

async function expectStopped(media: NodeProcess): Promise<void> {
  media.signal('SIGTERM');
  expect(await within(STOP_LIMIT_MS, 'stopping', media.exited)).toEqual({ code: 0, signal: null });
}

describe('two media processes behind one port', () => {
  const withTwo = sharedStage(40_000, async (stage) => {
    const running = await startProcesses(stage, 2);
    await recordsAll(running, NAMES, 5);
    return running;
  });

  withTwo('share the cameras and tell of both', 20_000, async ({ nightjar, media }) => {
    expect((await shardPids(media)).size).toBe(2);
    const shares = camerasByShard(media);
    expect(shares.flat().sort()).toEqual([...NAMES].sort());
    expect(new Set(shares.map((own) => own.length))).toEqual(new Set([2, 3]));
    expect(await nightjar.readiness()).toEqual({ ready: true, reasons: [] });
    const metrics = await nightjar.metrics();
    expect(metrics.sum('nightjar_media_shard_up')).toBe(2);
    expect(metrics.sum('nightjar_media_shard_cameras')).toBe(NAMES.length);
    expect(metrics.sum('nightjar_camera_up')).toBe(NAMES.length);
    for (const shard of ['front', '0', '1']) {
      expect(metrics.sum('process_resident_memory_bytes', { shard })).toBeGreaterThan(0);
      expect(metrics.sum('nightjar_build_info', { shard })).toBe(1);
    }
    expect(metrics.sum('nightjar_volume_free_bytes', { volume: 'main' })).toBeGreaterThan(0);
  });

  withTwo('serve every camera to ffmpeg over TCP and UDP', 60_000, async ({ nightjar }) => {
    const inputs = NAMES.flatMap((name) =>
      ['tcp', 'udp'].map((transport) => watching(transport, nightjar.url(name))),
    );
    const complaints = await concurrently(inputs, (input) => decodingErrors(input));
    expect(complaints).toEqual(inputs.map(() => ''));
  });

  withTwo('play every recording back', 60_000, async ({ nightjar }) => {
    const complaints = await concurrently(NAMES, (name) =>
      decodingErrors(watching('tcp', nightjar.url(`playback/${name}`))),
    );
    expect(complaints).toEqual(NAMES.map(() => ''));
  });

  withTwo('answer for cameras of both on one connection', 20_000, async ({ nightjar, media }) => {
    const [first, second] = camerasByShard(media).map(([camera]) => camera!);
    const client = await RtspClient.connect(nightjar.url(first!));
    const base = client.url.slice(0, -first!.length);
    const accept = { Accept: 'application/sdp' };
    for (const camera of [first, second, first, second]) {
      const answer = await client.ask('DESCRIBE', `${base}${camera}`, accept);
      expect([camera, answer.status]).toEqual([camera, 200]);
      expect(answer.headers.get('Content-Base')).toBe(`${base}${camera}/`);
    }
    expect((await client.ask('OPTIONS', '*')).status).toBe(200);
    client.close();
    const metrics = await nightjar.metrics();
    expect(metrics.sum('nightjar_rtsp_handoffs_total', { result: 'returned' })).toBe(3);
  });

  withTwo(
    'take requests for both that come at once, without a loss, in their order',
    20_000,
    async ({ nightjar, media }) => {
      const [first, second] = camerasByShard(media).map(([camera]) => camera!);
      const client = await RtspClient.connect(nightjar.url(first!));
      const base = client.url.slice(0, -first!.length);
      // Without a login: what counts is who answers, and that each does.
      const requests = Array.from({ length: 12 }, (_, index) => {
        const camera = index % 3 === 2 ? second : first;
        return `DESCRIBE ${base}${camera} RTSP/1.0\r\nCSeq: ${index + 1}\r\n\r\n`;
      });
      const all = `${requests.join('')}OPTIONS * RTSP/1.0\r\nCSeq: 99\r\n\r\n`;
      const cut = all.length / 2;
      const answers = requests.map((_, index) =>
        client.askRaw(index === 0 ? all.slice(0, cut) : ''),
      );
      answers.push(client.askRaw(all.slice(cut)));
      const cseqs = (await Promise.all(answers)).map(({ headers }) => headers.get('CSeq'));
      expect(cseqs).toEqual([...requests.map((_, index) => String(index + 1)), '99']);
      client.close();
    },
  );

  withTwo(
    'refuse a camera of the other on a connection that carries a session',
    20_000,
    async ({ nightjar, media }, stage) => {
      const [first, second] = camerasByShard(media).map(([camera]) => camera!);
      const player = await RtspPlayer.open(stage, nightjar.url(first!));
      await player.play();
      const other = player.client.url.replace(first!, second!);
      const refused = await player.client.ask('DESCRIBE', other, { Accept: 'application/sdp' });
      expect(refused.status).toBe(503);
      expect(refused.headers.has('Retry-After')).toBe(true);
      const before = player.video.packets;
      await eventually(() => expect(player.video.packets).toBeGreaterThan(before + 20), {
        withinMs: 5_000,
      });
      expect(media.log).toMatch(/refused a request for a camera of another process/);
      await player.teardown();
    },
  );

  withTwo(
    'take a camera up and drop one as the configuration says, and disturb nobody',
    40_000,
    async (running, stage) => {
      const { cameras, nightjar, media } = running;
      const removed = 'yard';
      const kept = NAMES.filter((name) => name !== removed);
      const players = await Promise.all(
        kept.map((name) => RtspPlayer.open(stage, nightjar.url(name))),
      );
      for (const player of players) await player.play();
      await nightjar.setCameras({
        ...recorded(cameras, kept),
        late: cameraAt(cameras.url('late')),
      });
      await eventually(() => expect(camerasByShard(media).flat()).toContain('late'), {
        withinMs: 5_000,
      });
      const late = await eventually(() => RtspPlayer.open(stage, nightjar.url('late')), {
        withinMs: 5_000,
      });
      await late.play();
      await eventually(() => expect(late.video.firstKeyframe).toBeDefined(), { withinMs: 8_000 });
      await expect(RtspPlayer.open(stage, nightjar.url(removed))).rejects.toThrow('404');
      for (const player of players) {
        const before = player.video.packets;
        await eventually(() => expect(player.video.packets).toBeGreaterThan(before), {
          withinMs: 3_000,
        });
        expect([player.video.lost, player.client.isClosed]).toEqual([0, false]);
      }
      const shares = camerasByShard(media);
      expect(shares.flat().sort()).toEqual([...kept, 'late'].sort());
    },
  );

  withTwo('stop in order', 40_000, async ({ nightjar, media }) => {
    const pids = [...(await shardPids(media)).values()];
    await expectStopped(media);
    for (const pid of pids) expect(await isRunning(pid)).toBe(false);
    // What was being written when they were told to stop, and the segment before.
    const footage = await Promise.all(NAMES.map((name) => segmentFiles(nightjar.volume, name)));
    expect(await complaintsAbout(footage.flatMap((files) => files.slice(-2)))).toEqual([]);
  });
});

describe('a media process of several that is killed', () => {
  scenario('takes only its own cameras along, and they come back', 90_000, async (stage) => {
    const running = await startProcesses(stage, 2);
    const { nightjar, media } = running;
    const postgres = await startPostgres();
    stage.defer(() => postgres.remove());
    await nightjar.startWorker(postgres.url);
    await recordsAll(running, NAMES, 4);
    const [spared, hit] = camerasByShard(media) as [string[], string[]];
    const players = await Promise.all(
      spared.flatMap((name) => [
        RtspPlayer.open(stage, nightjar.url(name), 'tcp'),
        RtspPlayer.open(stage, nightjar.url(name), 'udp'),
      ]),
    );
    for (const player of players) await player.play();
    const victim = (await shardPids(media)).get(1)!;
    const killedMs = Date.now();
    process.kill(victim, 'SIGKILL');

    // Who comes at once waits for the restart, or is told to come again.
    const first = await eventually(() => RtspPlayer.open(stage, nightjar.url(hit[0]!)), {
      withinMs: RESTART_LIMIT_MS,
      everyMs: 500,
    });
    await first.play();
    await eventually(() => expect(first.video.firstKeyframe).toBeDefined(), {
      withinMs: RESTART_LIMIT_MS,
    });
    for (const name of hit) {
      await eventually(
        async () => expect(await nightjar.recordedUntilMs(name)).toBeGreaterThan(killedMs + 3_000),
        { withinMs: RESTART_LIMIT_MS + 5_000 },
      );
    }
    expect((await shardPids(media)).get(1)).not.toBe(victim);
    expect(await nightjar.readiness()).toEqual({ ready: true, reasons: [] });
    for (const player of players) {
      expect([player.video.lost, player.client.isClosed]).toEqual([0, false]);
      expect(performance.now() - player.video.lastArrivalMs).toBeLessThan(2_000);
    }
    await expectStopped(media);

    const all = [];
    for (const name of NAMES) {
      const footage = await footageOf(nightjar.volume, name);
      all.push(...footage);
      const runs = new Set(footage.map(({ run }) => run)).size;
      expect([name, runs]).toEqual([name, hit.includes(name) ? 2 : 1]);
    }
    expect(await complaintsAbout(all)).toEqual([]);
    await expectCatalogued(postgres, all, CATALOG_LIMIT_MS);
    await expectCleanFsck(nightjar, postgres);
    const gaps = await gapsIn(postgres);
    expect(gaps.map(({ camera, reason }) => `${camera} ${reason}`).sort()).toEqual(
      hit.map((camera) => `${camera} crash`).sort(),
    );
    for (const { start, end } of gaps) {
      expect(killedMs - start).toBeLessThanOrEqual(MISSING_LIMIT_MS);
      expect(end).toBeGreaterThan(killedMs);
    }
  });
});

describe('the front of several media processes', () => {
  scenario(
    'when it is killed leaves no shard behind and no footage open',
    90_000,
    async (stage) => {
      const running = await startProcesses(stage, 2);
      const { nightjar } = running;
      const postgres = await startPostgres();
      stage.defer(() => postgres.remove());
      await nightjar.startWorker(postgres.url);
      await recordsAll(running, NAMES, 4);
      const pids = [...(await shardPids(running.media)).values()];
      const killedMs = Date.now();
      await running.media.kill();
      running.media = await nightjar.startMedia();
      for (const pid of pids) expect(await isRunning(pid)).toBe(false);
      await recordsAll(running, NAMES, 2);
      await expectStopped(running.media);
      const all = [];
      for (const name of NAMES) {
        const footage = await footageOf(nightjar.volume, name);
        all.push(...footage);
        const before = footage.filter(({ startMs }) => startMs < killedMs);
        expect(killedMs - Math.max(...before.map(({ endMs }) => endMs))).toBeLessThan(
          MISSING_LIMIT_MS,
        );
      }
      expect(await complaintsAbout(all)).toEqual([]);
      await expectCatalogued(postgres, all, CATALOG_LIMIT_MS);
      await expectCleanFsck(nightjar, postgres);
      const gaps = await gapsIn(postgres);
      expect(gaps.map(({ camera, reason }) => `${camera} ${reason}`).sort()).toEqual(
        NAMES.map((camera) => `${camera} crash`).sort(),
      );
    },
  );
});

/** How many processes, and how they end: in order and by force, for a journal of an orderly stop has nothing open, one of a crash everything. */
const LIVES = [
  [1, 'kill'],
  [2, 'stop'],
  [3, 'kill'],
  [1, 'kill'],
  [2, 'kill'],
  [1, 'stop'],
] as const;

describe('the number of media processes', () => {
  scenario('changes from start to start, and nothing is lost', 150_000, async (stage) => {
    const cameras = await Cameras.start(stage, CLIPS);
    const config = (processes: number) => ({
      media: { processes },
      recording: { segment: '3s' },
      cameras: recorded(cameras, NAMES),
    });
    const nightjar = await Installation.create(stage, config(1));
    const postgres = await startPostgres();
    stage.defer(() => postgres.remove());
    await nightjar.startWorker(postgres.url);
    const lives = [...LIVES.slice(0, figure(5, 3)), ...LIVES.slice(-1)];
    for (const [processes, end] of lives) {
      await nightjar.reconfigure(config(processes));
      const media = await nightjar.startMedia();
      expect((await shardPids(media)).size).toBe(processes === 1 ? 0 : processes);
      await recordsAll({ cameras, nightjar, media }, NAMES, 2);
      if (end === 'stop') await expectStopped(media);
      else await media.kill();
    }
    const all = [];
    for (const name of NAMES) {
      const footage = await footageOf(nightjar.volume, name);
      all.push(...footage);
      expect([name, new Set(footage.map(({ run }) => run)).size]).toEqual([name, lives.length]);
    }
    expect(await complaintsAbout(all)).toEqual([]);
    await expectCatalogued(postgres, all, CATALOG_LIMIT_MS);
    await expectCleanFsck(nightjar, postgres);
    const gaps = await gapsIn(postgres);
    const reasons = lives
      .slice(0, -1)
      .map(([, end]) => (end === 'kill' ? 'crash' : 'process-down'));
    for (const name of NAMES) {
      const own = gaps.filter(({ camera }) => camera === name);
      expect([name, own.map(({ reason }) => reason)]).toEqual([name, reasons]);
    }
  });
});
