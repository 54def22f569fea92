import { describe, expect } from '@jest/globals';
import { existsSync } from 'node:fs';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { once } from 'node:events';
import path from 'node:path';
import { freePort } from '../support/free-port.js';
import { Cameras } from './support/cameras.js';
import { childrenOf } from './support/children.js';
import { eventually, within } from './support/eventually.js';
import { decodingErrors, probeTracks } from './support/ffmpeg.js';
import { complaintsAbout, segmentFiles, type SegmentFile } from './support/footage.js';
import { Metrics } from './support/metrics.js';
import type { NodeProcess } from './support/node-process.js';
import { scenario, sharedStage, type Stage } from './support/stage.js';

const SERVING_LIMIT_MS = 30_000;
const STOP_LIMIT_MS = 5_000;
const RESTART_LIMIT_MS = 10_000;
const RECORDED = ['front-door', 'garden'];

interface Ports {
  readonly rtsp: number;
  readonly http: number;
  readonly operations: number;
}

/** Where an appliance runs without a configuration file: a data directory and free ports. */
class Place {
  readonly dataDir: string;

  private constructor(
    private readonly stage: Stage,
    readonly ports: Ports,
  ) {
    this.dataDir = path.join(stage.directory, 'data');
  }

  static async choose(stage: Stage): Promise<Place> {
    return new Place(stage, {
      rtsp: await freePort(),
      http: await freePort(),
      operations: await freePort(),
    });
  }

  get volume(): string {
    return path.join(this.dataDir, 'volumes', 'main');
  }

  get operationsUrl(): string {
    return `http://127.0.0.1:${this.ports.operations}`;
  }

  run(args: readonly string[] = []): NodeProcess {
    const { rtsp, http, operations } = this.ports;
    return runAppliance(this.stage, { data: this.dataDir, listen: rtsp, http, operations }, args);
  }

  /** Starts with nothing but ports and directory, and waits for what it prints when it serves. */
  async startDemo(): Promise<Demo> {
    const appliance = this.run();
    const url = async (pattern: RegExp): Promise<string> =>
      (await appliance.says(pattern, SERVING_LIMIT_MS))[1]!;
    const demo = {
      appliance,
      live: await url(/live\s+(rtsp:\S+)/),
      playback: await url(/playback\s+(rtsp:\S+)/),
    };
    await this.ready();
    return demo;
  }

  async ready(): Promise<void> {
    await eventually(
      async () => expect((await fetch(`${this.operationsUrl}/readyz`)).status).toBe(200),
      { withinMs: SERVING_LIMIT_MS },
    );
  }

  async demoFiles(): Promise<SegmentFile[]> {
    return (await Promise.all(RECORDED.map((camera) => segmentFiles(this.volume, camera)))).flat();
  }

  /** Waits until every recorded camera of the demo has this much footage of this media process. */
  async recorded(seconds: number): Promise<void> {
    await eventually(
      async () => {
        const metrics = await Metrics.scrape(this.operationsUrl);
        for (const camera of RECORDED) {
          expect(
            metrics.sum('nightjar_recording_seconds_total', { camera }),
          ).toBeGreaterThanOrEqual(seconds);
        }
      },
      { withinMs: 15_000 },
    );
  }
}

interface Demo {
  readonly appliance: NodeProcess;
  /** As printed, with login. */
  readonly live: string;
  readonly playback: string;
}

function runAppliance(
  stage: Stage,
  flags: Readonly<Record<string, string | number>>,
  args: readonly string[] = [],
): NodeProcess {
  const given = Object.entries(flags).flatMap(([flag, value]) => [`--${flag}`, String(value)]);
  return stage.start('appliance', [...given, ...args], {
    NIGHTJAR_CONFIG: '',
    NIGHTJAR_DATA_DIR: '',
  });
}

async function interrupt(appliance: NodeProcess): Promise<void> {
  appliance.signal('SIGINT');
  expect(await within(STOP_LIMIT_MS, 'ending after SIGINT', appliance.exited)).toEqual({
    code: 0,
    signal: null,
  });
}

describe('the demo', () => {
  const withDemo = sharedStage(90_000, async (stage) => {
    const place = await Place.choose(stage);
    return { place, running: { demo: await place.startDemo() } };
  });

  withDemo(
    'prints live URLs that play with the login in them',
    30_000,
    async ({ running: { demo } }) => {
      expect(await probeTracks([demo.live])).toEqual(['video h264 640x360', 'audio aac']);
      const workshop = demo.live.replace(/front-door$/, 'workshop');
      expect(demo.appliance.log).toContain(workshop);
      expect(await probeTracks([workshop])).toEqual(['video h264 640x360']);
    },
  );

  withDemo('finds its cameras by discovery', 30_000, async ({ running: { demo } }) => {
    await eventually(() => expect(demo.appliance.log).toContain('a device was found'), {
      withinMs: 20_000,
    });
  });

  withDemo(
    'prints a playback URL that plays what was recorded',
    30_000,
    async ({ place, running: { demo } }) => {
      await place.recorded(4);
      expect(await decodingErrors(['-rtsp_transport', 'tcp', '-i', demo.playback, '-t', '2'])).toBe(
        '',
      );
    },
  );

  withDemo(
    'starts a media process that was killed again, and goes on',
    40_000,
    async ({ place, running: { demo } }) => {
      const [media] = await childrenOf(demo.appliance.pid, 'apps/media');
      expect(media).toBeDefined();
      process.kill(media!, 'SIGKILL');
      await eventually(
        async () => {
          const [next] = await childrenOf(demo.appliance.pid, 'apps/media');
          expect(next).toBeDefined();
          expect(next).not.toBe(media);
          expect(await probeTracks([demo.live])).toHaveLength(2);
        },
        { withinMs: RESTART_LIMIT_MS },
      );
      await place.recorded(2);
    },
  );

  withDemo(
    'ends in less than 5 s at Ctrl-C, with every file playable and nothing left behind',
    30_000,
    async ({ place, running: { demo } }) => {
      await interrupt(demo.appliance);
      const files = await place.demoFiles();
      expect(files.length).toBeGreaterThanOrEqual(2 * RECORDED.length);
      expect(await complaintsAbout(files)).toEqual([]);
      expect(existsSync(path.join(place.dataDir, 'postgres', 'postmaster.pid'))).toBe(false);
      const login = new URL(demo.live);
      const lines = demo.appliance.log.split('\n').filter((line) => line.startsWith('{'));
      expect(lines.length).toBeGreaterThan(0);
      expect(lines.filter((line) => line.includes(login.password))).toEqual([]);
    },
  );

  withDemo(
    'continues with the same data and login when it is started again',
    60_000,
    async (set) => {
      const { place, running } = set;
      const before = await place.demoFiles();
      const firstLive = running.demo.live;
      running.demo = await place.startDemo();
      expect(running.demo.live).toBe(firstLive);
      await place.recorded(2);
      const paths = new Set((await place.demoFiles()).map((file) => file.path));
      expect(before.filter((file) => !paths.has(file.path))).toEqual([]);
      const start = new Date(Math.min(...before.map(({ startMs }) => startMs))).toISOString();
      const old = running.demo.playback.replace(/start=\S+/, `start=${start}`);
      expect(await decodingErrors(['-rtsp_transport', 'tcp', '-i', old, '-t', '2'])).toBe('');
    },
  );

  withDemo(
    'starts again with all its data after it was killed',
    60_000,
    async ({ place, running }) => {
      const before = await place.demoFiles();
      expect(await running.demo.appliance.kill()).toEqual({ code: null, signal: 'SIGKILL' });
      running.demo = await place.startDemo();
      await place.recorded(2);
      await interrupt(running.demo.appliance);
      const files = await place.demoFiles();
      const paths = new Set(files.map((file) => file.path));
      expect(before.filter((file) => !paths.has(file.path))).toEqual([]);
      expect(await complaintsAbout(files)).toEqual([]);
    },
  );
});

describe('a quick start by flags', () => {
  scenario(
    'relays and records a camera without a configuration file, and is restored after it lost all but its footage',
    120_000,
    async (stage) => {
      const cameras = await Cameras.start(stage, { gate: 'gate' });
      const place = await Place.choose(stage);
      const flags = ['--camera', `front=${cameras.url('gate')}`];
      const appliance = place.run(flags);
      const url = `rtsp://127.0.0.1:${place.ports.rtsp}/front`;
      await eventually(
        async () => expect(await probeTracks([url])).toEqual(['video hevc 640x360']),
        { withinMs: SERVING_LIMIT_MS },
      );
      await eventually(
        async () => expect(await segmentFiles(place.volume, 'front')).toHaveLength(1),
        { withinMs: 10_000 },
      );
      const backup = path.join(stage.directory, 'backup');
      const config = ['--config', path.join(place.dataDir, 'run', 'nightjar.yaml')];
      const nightjar = async (...args: string[]): Promise<string> => {
        const command = stage.start('cli', [...args, ...config], { NIGHTJAR_DATA_DIR: '' });
        const { code } = await within(30_000, args[0] ?? '', command.exited);
        return `${code}\n${command.log}`;
      };
      await place.ready();
      const range = ['--from', '2026-01-01T00:00:00Z', '--to', '2027-01-01T00:00:00Z'];
      expect(await nightjar('hold', 'add', 'front', ...range, '--reason', 'case 7')).toMatch(/^0/);
      expect(await nightjar('backup', backup)).toMatch(/^0/);
      expect(await nightjar('restore', backup, '--force')).toMatch(
        new RegExp(
          `^1\\n.*Nightjar runs with ${place.dataDir} \\(process ${appliance.pid}\\): stop it`,
        ),
      );
      await interrupt(appliance);
      expect(await complaintsAbout(await segmentFiles(place.volume, 'front'))).toEqual([]);

      for (const folder of ['postgres', 'secrets', 'run'])
        await rm(path.join(place.dataDir, folder), { recursive: true });
      expect(await nightjar('restore', backup)).toMatch(/^0\n\d+ rows of the catalog/);
      const again = place.run(flags);
      await place.ready();
      expect(await nightjar('hold', 'list')).toMatch(/^0\n[^]*front.*case 7$/m);
      expect(await nightjar('rebuild')).toMatch(/^0\nmain: [1-9]\d* files/);
      await interrupt(again);
    },
  );
});

describe('an appliance that cannot start', () => {
  /** Runs to its end and gives what was printed. */
  const refused = async (
    stage: Stage,
    flags: Readonly<Record<string, string | number>>,
  ): Promise<string> => {
    const appliance = runAppliance(stage, { http: 0, operations: 0, ...flags });
    const { code } = await within(10_000, 'refusing', appliance.exited);
    expect(code).toBe(1);
    return appliance.log;
  };

  scenario(
    'says in one line which port is busy and how to choose another',
    20_000,
    async (stage) => {
      const other = createServer().listen(0, '0.0.0.0');
      await once(other, 'listening');
      stage.defer(() => new Promise((resolve) => other.close(resolve)));
      const { port } = other.address() as { port: number };
      const said = await refused(stage, { data: path.join(stage.directory, 'data'), listen: port });
      expect(said).toMatch(
        new RegExp(`^nightjar: [^\\n]*\\b${port}\\b[^\\n]*in use[^\\n]*--listen[^\\n]*\\n$`),
      );
    },
  );

  scenario(
    'says in one line that it cannot write its data and what to do',
    20_000,
    async (stage) => {
      const file = path.join(stage.directory, 'file');
      await writeFile(file, '');
      const said = await refused(stage, { data: path.join(file, 'data'), listen: 0 });
      expect(said).toMatch(/^nightjar: [^\n]*not writable[^\n]*--data[^\n]*\n$/);
      expect(await readdir(stage.directory)).toEqual(['file']);
    },
  );
});
