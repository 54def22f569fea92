import { mkdtempSync, rmSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { UnwantedReason } from '@nightjar/catalog';
import { ManualClock } from '@nightjar/common';
import type { CameraConfig } from '@nightjar/config';
import {
  createSegmentFile,
  OwnVolumes,
  readJournal,
  Recordings,
  SegmentDirectory,
  Volume,
  VolumeKeeper,
} from '@nightjar/recording';
import type { Demand, Demands, JournalLine } from '@nightjar/recording';
import type { OfflineReason, Relay, RelayStream } from '@nightjar/relay';
import fc from 'fast-check';
import { silentLog } from './recording-media.js';
import { alwaysHealthy } from '../support/always-healthy.js';
import { FilmedCamera } from '../support/filmed-camera.js';

const START_MS = Date.UTC(2026, 10, 20, 12, 59, 41, 300);
const FRAME_MS = 40;
const STREAMS = ['main', 'sub'] as const;
type StreamName = (typeof STREAMS)[number];
/** Why media may be missing inside a segment. */
const INSIDE: readonly string[] = ['packet-loss', 'stalled'];
/** What boundaries may differ by. */
const TOLERANCE_MS = 50;
/** A fragment that is not written yet, and the one before it. */
const FRAGMENTS_SECONDS = 3;

/** What is asked for, as somebody says it. */
class SaidDemands implements Demands {
  private readonly said = new Map<string, Demand>();
  private listeners: ((camera: string, stream: string) => void)[] = [];
  of(camera: string, stream: string): Demand | undefined {
    return this.said.get(`${camera}/${stream}`);
  }
  onChange(listener: (camera: string, stream: string) => void): void {
    this.listeners.push(listener);
  }
  /** A process that is gone hears no more. */
  forget(): void {
    this.listeners = [];
  }
  say(stream: StreamName, demand: Demand): void {
    this.said.set(`front/${stream}`, demand);
    for (const listener of this.listeners) listener('front', stream);
  }
}

interface Interval {
  readonly startMs: number;
  readonly endMs: number;
}

/** A recorder's whole surroundings: cameras, a disk, processes that come and go. */
class World {
  readonly clock = new ManualClock(START_MS);
  private readonly demands = new SaidDemands();
  private root = mkdtempSync(join(tmpdir(), 'nightjar-account-'));
  private readonly state = mkdtempSync(join(tmpdir(), 'nightjar-state-'));
  private readonly cameras: Record<StreamName, FilmedCamera> = {
    main: new FilmedCamera(this.clock, 7),
    sub: new FilmedCamera(this.clock, 33),
  };
  private readonly declared: Record<StreamName, { fromMs: number | undefined; past: Interval[] }> =
    {
      main: { fromMs: undefined, past: [] },
      sub: { fromMs: undefined, past: [] },
    };
  private readonly config = new Set<StreamName>(STREAMS);
  private diskError: Error | undefined;
  private recordings!: Recordings;
  figures = { recorded: 0, expected: 0, missing: 0 };

  async start(): Promise<void> {
    this.figures = { recorded: 0, expected: 0, missing: 0 };
    const volumes = {
      disk: {
        path: this.root,
        minFreeBytes: 0,
        maxBytes: undefined,
        state: 'active' as const,
        adopt: 'empty' as const,
      },
    };
    const keeper = new VolumeKeeper({
      volumes,
      knownVolumesFile: join(this.state, 'known-volumes.json'),
      clock: this.clock,
      log: silentLog,
    });
    const monitor = alwaysHealthy(volumes, keeper, this.clock);
    const relay = {
      get: (camera: string, stream: StreamName) =>
        this.relayed.get(stream) ?? this.relay(camera, stream),
    };
    const { figures } = this;
    this.recordings = new Recordings({
      relay: relay as unknown as Relay,
      volumes: new OwnVolumes(keeper, monitor),
      placement: 'order',
      settings: {
        segmentMs: 10_000,
        fragmentMs: 1_000,
        sync: 'none',
        queueBytes: 16 * 1024 * 1024,
      },
      clock: this.clock,
      log: silentLog,
      metricsOf: () => ({
        bytesWritten: () => undefined,
        mediaWritten: () => undefined,
        lastSample: () => undefined,
        dropped: () => undefined,
        gap: () => undefined,
        fragmentWrite: () => undefined,
        segmentCommit: () => undefined,
      }),
      figuresOf: () => ({
        recorded: (seconds) => (figures.recorded += seconds),
        expected: (seconds) => (figures.expected += seconds),
        missing: (_, seconds) => (figures.missing += seconds),
        gap: () => undefined,
      }),
      demands: this.demands,
      createFile: async (path) => {
        if (this.diskError !== undefined) throw this.diskError;
        const file = await createSegmentFile(path);
        return {
          ...file,
          append: async (parts, durable) => {
            if (this.diskError !== undefined) throw this.diskError;
            await file.append(parts, durable);
          },
        };
      },
    });
    await this.recordings.start();
    await this.configure();
  }

  private readonly relayed = new Map<StreamName, RelayStream>();
  private relay(camera: string, stream: StreamName): RelayStream {
    const relayed = { camera, stream, hub: this.cameras[stream] } as unknown as RelayStream;
    this.relayed.set(stream, relayed);
    return relayed;
  }

  private async configure(): Promise<void> {
    const record = [...this.config].map((stream) => ({ stream, mode: 'event' }));
    await this.recordings.apply({ front: { name: 'front', record } as unknown as CameraConfig });
    for (const stream of STREAMS) {
      const known = this.declared[stream];
      if (this.config.has(stream)) known.fromMs ??= this.clock.wallMs();
      else if (known.fromMs !== undefined) {
        known.past.push({ startMs: known.fromMs, endMs: this.clock.wallMs() });
        known.fromMs = undefined;
      }
    }
  }

  say(stream: StreamName, demand: Demand): void {
    this.demands.say(stream, demand);
  }

  camera(stream: StreamName): FilmedCamera {
    return this.cameras[stream];
  }

  async declare(stream: StreamName, wanted: boolean): Promise<void> {
    if (wanted) this.config.add(stream);
    // A camera without streams is accounted for as off; here it keeps one.
    else if (this.config.size > 1) this.config.delete(stream);
    await this.configure();
  }

  disk(error: Error | undefined): void {
    this.diskError = error;
  }

  async pass(ms: number): Promise<void> {
    const endMs = this.clock.monotonicMs() + ms;
    while (this.clock.monotonicMs() < endMs) {
      this.clock.advance(FRAME_MS);
      for (const camera of Object.values(this.cameras)) camera.film();
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async stop(): Promise<void> {
    await this.recordings.stop();
    this.demands.forget();
  }

  /** What is on the disk at this moment is what the next process finds. */
  async crash(): Promise<void> {
    const readers = Object.values(this.cameras).flatMap((camera) => camera.readers);
    await Promise.all(
      readers.map((reader) => (reader as unknown as { idle(): Promise<void> }).idle()),
    );
    // The first words of a stream that are not on the disk yet were never said.
    await (this.recordings as unknown as { journal: { idle(): Promise<void> } }).journal.idle();
    const left = mkdtempSync(join(tmpdir(), 'nightjar-account-'));
    await cp(this.root, left, { recursive: true });
    await this.stop();
    rmSync(this.root, { recursive: true, force: true });
    this.root = left;
  }

  async down(ms: number): Promise<void> {
    await this.pass(ms);
    await this.start();
  }

  /** When a stream was declared, as far as processes ran. */
  declaredFor(stream: StreamName): Interval[] {
    const { fromMs, past } = this.declared[stream];
    return fromMs === undefined ? past : [...past, { startMs: fromMs, endMs: this.clock.wallMs() }];
  }

  async lines(): Promise<readonly JournalLine[]> {
    const lines: JournalLine[] = [];
    const volume = await Volume.open('disk', this.root, { adopt: 'empty' });
    let chunk = await readJournal(volume.journalDirectory, undefined, 2 ** 24);
    while (chunk.lines.length > 0) {
      lines.push(...chunk.lines);
      chunk = await readJournal(volume.journalDirectory, chunk.cursor, 2 ** 24);
    }
    return lines;
  }

  async segments(stream: StreamName): Promise<readonly Interval[]> {
    const volume = await Volume.open('disk', this.root, { adopt: 'empty' });
    return await new SegmentDirectory(volume).list('front', stream, 0, Number.MAX_SAFE_INTEGER);
  }

  close(): void {
    for (const path of [this.root, this.state]) rmSync(path, { recursive: true, force: true });
  }
}

/** Disjoint and in order; what is nearer than the tolerance is joined. */
function union(spans: readonly Interval[]): Interval[] {
  const joined: { startMs: number; endMs: number }[] = [];
  for (const { startMs, endMs } of spans.toSorted((a, b) => a.startMs - b.startMs)) {
    const last = joined.at(-1);
    if (last !== undefined && startMs <= last.endMs + TOLERANCE_MS)
      last.endMs = Math.max(last.endMs, endMs);
    else joined.push({ startMs, endMs });
  }
  return joined;
}

function overlapMs(a: Interval, b: Interval): number {
  return Math.min(a.endMs, b.endMs) - Math.max(a.startMs, b.startMs);
}

async function expectAccounted(world: World): Promise<void> {
  const lines = await world.lines();
  for (const stream of STREAMS) {
    const absent = lines.filter(
      (line): line is Extract<JournalLine, { type: 'gap' | 'unwanted' }> =>
        (line.type === 'gap' || line.type === 'unwanted') && line.stream === stream,
    );
    const recorded = await world.segments(stream);
    // Media that are missing inside a segment are told beside it.
    const outside = absent.filter(({ reason }) => !INSIDE.includes(reason));
    for (const span of outside) {
      for (const segment of recorded) {
        if (overlapMs(span, segment) > TOLERANCE_MS)
          throw new Error(`${JSON.stringify(span)} overlaps ${JSON.stringify(segment)}`);
      }
    }
    const told = union([...recorded, ...absent]);
    for (const wanted of world.declaredFor(stream)) {
      const covering = told.find((span) => overlapMs(span, wanted) > 0);
      const hole = { wanted, told };
      if (wanted.endMs - wanted.startMs <= TOLERANCE_MS) continue;
      if (
        covering === undefined ||
        covering.startMs > wanted.startMs + TOLERANCE_MS ||
        covering.endMs < wanted.endMs - TOLERANCE_MS
      )
        throw new Error(`${stream} has a hole: ${JSON.stringify(hole)}`);
    }
  }
}

type Step = (world: World) => Promise<void> | void;

const stream = fc.constantFrom(...STREAMS);
const UNWANTED: readonly UnwantedReason[] = ['off', 'schedule', 'no-event', 'manual', 'privacy'];
const OFFLINE: readonly OfflineReason[] = ['unreachable', 'unauthorized', 'timeout', 'stalled'];

function named(name: string, step: Step): Step {
  // fast-check prints it.
  return Object.assign(step, { toString: () => name });
}

const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .integer({ min: 1, max: 700 })
      .map((frames) => named(`pass ${frames}`, (world) => world.pass(frames * FRAME_MS))),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(stream, fc.integer({ min: 0, max: 12_000 })).map(([of, agoMs]) =>
      named(`want ${of} since ${agoMs}`, (world) =>
        world.say(of, {
          wanted: true,
          because: 'event',
          sinceMs: world.clock.wallMs() - agoMs,
        }),
      ),
    ),
  },
  {
    weight: 3,
    arbitrary: fc
      .tuple(
        stream,
        fc.constantFrom(...UNWANTED),
        fc.option(
          fc.record({
            durationMs: fc.integer({ min: 1_000, max: 15_000 }),
            maxBytes: fc.constantFrom(5_000, 50_000, 1_000_000),
          }),
          { nil: undefined },
        ),
      )
      .map(([of, because, preRoll]) =>
        named(`unwant ${of} ${because} ${JSON.stringify(preRoll)}`, (world) =>
          world.say(of, { wanted: false, because, preRoll }),
        ),
      ),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(stream, fc.constantFrom(...OFFLINE))
      .map(([of, reason]) => named(`${of} ${reason}`, (world) => world.camera(of).leave(reason))),
  },
  {
    weight: 2,
    arbitrary: stream.map((of) =>
      named(`${of} back`, (world) => {
        world.camera(of).away = undefined;
      }),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(stream, fc.integer({ min: 1, max: 120 })).map(([of, frames]) =>
      named(`${of} loses ${frames}`, (world) => {
        world.camera(of).losing = frames;
      }),
    ),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(stream, fc.boolean())
      .map(([of, wanted]) =>
        named(`declare ${of} ${wanted}`, (world) => world.declare(of, wanted)),
      ),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom('ENOSPC', 'EIO')
      .map((code) =>
        named(`disk ${code}`, (world) =>
          world.disk(Object.assign(new Error('the disk fails'), { code })),
        ),
      ),
  },
  { weight: 1, arbitrary: fc.constant(named('disk well', (world) => world.disk(undefined))) },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.boolean(), fc.integer({ min: 1, max: 600 })).map(([crash, frames]) =>
      named(`${crash ? 'crash' : 'restart'} ${frames}`, async (world) => {
        await (crash ? world.crash() : world.stop());
        await world.down(frames * FRAME_MS);
      }),
    ),
  },
);

const wanted = (since: StreamName): Step =>
  named(`want ${since}`, (world) =>
    world.say(since, { wanted: true, because: 'event', sinceMs: world.clock.wallMs() }),
  );

/** A run that began with a keyframe and came to nothing: nobody wanted it any more, and the process died. */
const EMPTY_RUN: Step[] = [
  wanted('sub'),
  named('pass to the first keyframe', (world) => world.pass(17 * FRAME_MS)),
  named('unwant sub', (world) =>
    world.say('sub', { wanted: false, because: 'off', preRoll: undefined }),
  ),
  named('crash', async (world) => {
    await world.crash();
    await world.down(FRAME_MS);
  }),
];

describe('the account of every second', () => {
  it('covers all of what was declared, and nothing twice, whatever happens', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(steps, { minLength: 4, maxLength: 25 }), async (all) => {
        const world = new World();
        try {
          await world.start();
          for (const step of all) await step(world);
          // Less than a second of silence is told when media go on, or by the next process.
          for (const of of STREAMS) world.camera(of).losing = 0;
          await world.pass(4_000);
          await world.stop();
          await expectAccounted(world);
          const { recorded, missing, expected } = world.figures;
          expect(Math.abs(recorded + missing - expected)).toBeLessThan(FRAGMENTS_SECONDS);
        } finally {
          world.close();
        }
      }),
      { numRuns: Number(process.env['ACCOUNT_RUNS'] ?? 30), examples: [[EMPTY_RUN]] },
    );
  }, 480_000);
});
