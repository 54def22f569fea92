import { execFileSync } from 'node:child_process';
import { mkdir, rm, statfs, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect } from '@jest/globals';
import type { FaultRequest } from '../../apps/camsim/src/faults.js';
import { randomOf } from '../../libs/recording/test/camera-clock.js';
import { freePort } from '../support/free-port.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';
import { Cameras } from './support/cameras.js';
import { childrenOf } from './support/children.js';
import { eventually, pass } from './support/eventually.js';
import { complaintsAbout, segmentFiles } from './support/footage.js';
import { recordedCameraAt } from './support/installation.js';
import { lengthMs, without, type Interval } from './support/intervals.js';
import { Metrics } from './support/metrics.js';
import { figure } from './support/scale.js';
import { scenario, type Stage } from './support/stage.js';
import { Withheld } from './support/withheld.js';

const CAMERAS = 10;
const NAMES = Array.from({ length: CAMERAS }, (_, n) => `cam${n}`);
const LENGTH_MS = figure(600_000, 60_000);
/** Something happens so often, one thing at a time for each camera. */
const CALM_MS = { least: 2_000, most: 5_000 };
const SEED = Number(process.env['NIGHTJAR_CHAOS_SEED'] ?? 4);
const SEGMENT = '3s';
/** Of footage that a killed process had not made durable. */
const LOST_PER_KILL_MS = 1_500;
/** Of each interruption, that the simulator is looked at ten times a second and footage counts whole frames. */
const SLACK_PER_INTERRUPTION_MS = 500;
/** After the disk has room again, a recorder tries when its time comes: after 1, 2, 4 ... s. */
const DISK_FULL_MS = 4_000;
const DISK_RETRY_MS = 8_000;
/** Of what was on its way when it was full. */
const LOST_PER_FULL_DISK_MS = 1_500;
/** Between a gap and the run after it, each in its own rounding. */
const SLIVER_MS = 50;
const DISK_BYTES = '600m';
const SETTLE_MS = 60_000;
const LOGIN = { name: 'admin', password: 'watch-all-night' };

interface Timeline {
  readonly recorded: readonly { readonly start: string; readonly end: string }[];
  readonly gaps: readonly {
    readonly start: string;
    readonly end: string;
    readonly missingSeconds: number;
    readonly reason: string;
  }[];
  readonly pending: readonly unknown[];
}

/** The appliance with its cameras, and what can be done to it. */
class Scene {
  readonly kills: number[] = [];
  /** When the disk was full. */
  readonly full: Interval[] = [];

  private constructor(
    private readonly stage: Stage,
    readonly cameras: Cameras,
    private readonly postgres: TestPostgres,
    private readonly pid: number,
    private readonly ports: { readonly http: number; readonly operations: number },
    readonly volume: string,
    private readonly smallDisk: boolean,
  ) {}

  static async set(stage: Stage): Promise<Scene> {
    const footage = Object.fromEntries(NAMES.map((name) => [name, 'synthetic']));
    const flags = ['--bitrate', '500k', '--gop', '25'];
    const cameras = await Cameras.start(stage, footage, flags);
    const postgres = await startPostgres();
    stage.defer(() => postgres.remove());
    const ports = { rtsp: await freePort(), http: await freePort(), operations: await freePort() };
    const volume = path.join(stage.directory, 'footage');
    await mkdir(volume);
    const smallDisk = mountSmall(stage, volume);
    await writeFile(path.join(stage.directory, 'database-url'), postgres.url);
    await writeFile(path.join(stage.directory, 'password'), LOGIN.password);
    const file = path.join(stage.directory, 'nightjar.json');
    const config = {
      version: 1,
      dataDir: path.join(stage.directory, 'data'),
      rtsp: { port: ports.rtsp },
      http: { port: ports.http },
      operations: { port: ports.operations },
      database: { urlFile: 'database-url' },
      media: { processes: 2 },
      recording: { segment: SEGMENT },
      volumes: { main: { path: volume, minFreeBytes: '1MB', adopt: 'empty' } },
      users: { [LOGIN.name]: { passwordFile: 'password', role: 'admin' } },
      cameras: Object.fromEntries(NAMES.map((name) => [name, recordedCameraAt(cameras.url(name))])),
    };
    await writeFile(file, JSON.stringify(config));
    const appliance = stage.start('appliance', ['--config', file]);
    return new Scene(stage, cameras, postgres, appliance.pid, ports, volume, smallDisk);
  }

  async allRecord(): Promise<void> {
    await eventually(
      async () => {
        const metrics = await Metrics.scrape(`http://127.0.0.1:${this.ports.operations}`);
        for (const camera of NAMES)
          expect(metrics.sum('nightjar_recording_seconds_total', { camera })).toBeGreaterThan(1);
      },
      { withinMs: 60_000, everyMs: 250 },
    );
  }

  /** kill -9 of one process of the appliance, whichever. */
  async kill(random: () => number): Promise<void> {
    const media = await childrenOf(this.pid, 'apps/media');
    const shards = (await Promise.all(media.map((pid) => childrenOf(pid, 'shard')))).flat();
    const others = await childrenOf(this.pid, 'apps/');
    const all = [...new Set([...media, ...shards, ...others])];
    const victim = all[Math.floor(random() * all.length)];
    if (victim === undefined) return;
    process.kill(victim, 'SIGKILL');
    if (media.includes(victim) || shards.includes(victim)) this.kills.push(Date.now());
  }

  async withoutDatabase(ms: number): Promise<void> {
    await this.postgres.stop();
    await pass(ms);
    await this.postgres.start();
  }

  async fillDisk(): Promise<void> {
    if (!this.smallDisk) return;
    const ballast = path.join(this.volume, '.nightjar', 'ballast');
    const { bavail, bsize } = await statfs(this.volume);
    const startMs = Date.now();
    await writeFile(ballast, Buffer.alloc(bavail * bsize)).catch(() => undefined);
    await pass(DISK_FULL_MS);
    await rm(ballast);
    this.full.push({ startMs, endMs: Date.now() });
  }

  async timeline(camera: string, startMs: number, endMs: number): Promise<Timeline> {
    const query = new URLSearchParams({
      start: new Date(startMs).toISOString(),
      end: new Date(endMs).toISOString(),
    });
    const url = `http://127.0.0.1:${this.ports.http}/api/v1/cameras/${camera}/timeline?${query.toString()}`;
    const response = await fetch(url, {
      headers: { Authorization: `Basic ${btoa(`${LOGIN.name}:${LOGIN.password}`)}` },
    });
    expect(response.status).toBe(200);
    return (await response.json()) as Timeline;
  }

  async end(): Promise<void> {
    await this.stage.stop('appliance');
  }
}

/** A disk that can be filled, where that is allowed. */
function mountSmall(stage: Stage, folder: string): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_BYTES}`, 'tmpfs', folder], {
      stdio: 'ignore',
    });
  } catch {
    process.stdout.write('chaos: no small disk without the right to mount one: it is never full\n');
    return false;
  }
  stage.defer(() => {
    execFileSync('umount', ['-l', folder]);
    return Promise.resolve();
  });
  return true;
}

/** What goes wrong with one camera, in seconds that it then withholds by itself. */
function faultOf(random: () => number): FaultRequest {
  const seconds = 2 + Math.round(random() * 6);
  const all: FaultRequest[] = [
    { stall: seconds },
    { reboot: seconds },
    { refuse: seconds },
    { timestampJump: (random() - 0.5) * 7_200 },
    { resolution: random() < 0.5 ? 'own' : 'other' },
  ];
  return all[Math.floor(random() * all.length)]!;
}

async function chaos(scene: Scene, random: () => number): Promise<void> {
  const endMs = performance.now() + LENGTH_MS;
  let turn = 0;
  while (performance.now() < endMs) {
    turn += 1;
    const camera = NAMES[Math.floor(random() * NAMES.length)]!;
    if (turn % 8 === 3) await scene.kill(random);
    else if (turn % 16 === 6) await scene.withoutDatabase(2_000 + random() * 6_000);
    else if (turn % 16 === 12) await scene.fillDisk();
    else await scene.cameras.inject(camera, faultOf(random));
    await pass(CALM_MS.least + random() * (CALM_MS.most - CALM_MS.least));
  }
}

describe(`ten cameras for ${LENGTH_MS / 1000} s in which everything goes wrong (seed ${SEED})`, () => {
  scenario(
    'miss in the ledger what the simulator withheld, and at most 1.5 s per kill more',
    // What was recorded is decoded afterwards.
    2 * LENGTH_MS + 240_000,
    async (stage) => {
      const random = randomOf(SEED);
      const scene = await Scene.set(stage);
      await scene.allRecord();
      const withheld = new Withheld(scene.cameras, NAMES);
      await pass(2_000);
      const startMs = Date.now();
      await chaos(scene, random);
      for (const name of NAMES) await scene.cameras.heal(name);
      await pass(10_000);
      const endMs = Date.now();
      await pass(5_000);
      await withheld.stop();

      const full = scene.full.map((one) => ({
        startMs: one.startMs - LOST_PER_FULL_DISK_MS,
        endMs: one.endMs + DISK_RETRY_MS,
      }));
      for (const name of NAMES) {
        const timeline = await eventually(
          async () => {
            const told = await scene.timeline(name, startMs, endMs);
            expect(told.pending).toEqual([]);
            return told;
          },
          { withinMs: SETTLE_MS, everyMs: 500 },
        );
        const missing = timeline.gaps.map(({ start, end }) => ({
          startMs: Date.parse(start),
          endMs: Date.parse(end),
        }));
        const times = withheld.within(name, startMs, endMs);
        const slackMs = SLACK_PER_INTERRUPTION_MS * (times.length + 1);
        const untoldMs = lengthMs(without(times, missing));
        const lostMs = lengthMs(without(missing, [...times, ...full]));
        const reasons = timeline.gaps.map(({ reason, missingSeconds }) => [reason, missingSeconds]);
        process.stdout.write(
          `chaos ${name}: missing ${lengthMs(missing)} ms, withheld ${Math.round(lengthMs(times))} ms in ${times.length}, ` +
            `lost ${Math.round(lostMs)} ms by ${scene.kills.length} kills, untold ${Math.round(untoldMs)} ms, ` +
            `${scene.full.length} times full: ${JSON.stringify(reasons)}\n`,
        );
        expect(untoldMs).toBeLessThanOrEqual(slackMs);
        expect(lostMs).toBeLessThanOrEqual(scene.kills.length * LOST_PER_KILL_MS + slackMs);
        const unknown = timeline.gaps.filter(({ reason }) => reason === 'unknown');
        for (const { missingSeconds } of unknown)
          expect(missingSeconds * 1000).toBeLessThan(SLIVER_MS);
      }
      await scene.end();
      for (const name of NAMES)
        expect(await complaintsAbout(await segmentFiles(scene.volume, name))).toEqual([]);
    },
  );
});
