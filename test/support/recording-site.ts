import { join } from 'node:path';
import type { CameraConfig, VolumeConfig } from '@nightjar/config';
import { metrics } from '@nightjar/monitoring';
import {
  createRecorder,
  OpenVolumes,
  OwnVolumes,
  readJournal,
  SegmentDirectory,
  Volume,
  VolumeKeeper,
  VolumeMonitor,
  WallClock,
  type Recorder,
  type RecorderOptions,
  type VolumeStatus,
} from '@nightjar/recording';
import type { HubReader, PacketBatch } from '@nightjar/relay';
import { StatementJournal } from '../../libs/recording/src/journal/statement-journal.js';
import { Account } from '../../libs/recording/src/account/account.js';
import { Bench, Figures, quietLog } from '../../libs/recording/test/bench.js';
import { BlockPool } from '../../libs/relay/src/hub/block-pool.js';
import { StreamHub } from '../../libs/relay/src/hub/stream-hub.js';
import type { Source, SourceSink } from '../../libs/relay/src/source/source.js';

/** So much of the clock that is turned by hand passes before the disks have done what they were given, */
const STEP_SECONDS = 0.2;
/** or have had this time when one of them hangs. */
const STEP_REAL_MS = 30;
/** What lies closer together is one stretch of footage. */
const SLIVER_MS = 50;

interface Stretch {
  readonly startMs: number;
  readonly endMs: number;
}

export interface SiteOptions {
  readonly folder: string;
  readonly volumes: Readonly<Record<string, Partial<VolumeConfig> & { readonly path: string }>>;
  /** By camera: its volumes. */
  readonly cameras?: Readonly<Record<string, readonly string[]>>;
  readonly queueBytes?: number;
  readonly createFile?: RecorderOptions['createFile'];
}

/** A player that takes everything at once. */
class Player implements HubReader {
  readonly holdsBatches = false;
  packets = 0;
  tracks(): void {}
  batch({ count }: PacketBatch, from: number): void {
    this.packets += count - from;
  }
  interrupted(): void {}
  closed(): void {}
}

/** One camera seen by a hub, a player, and a recorder for each name it is recorded under; volumes, health and journals are real. */
export class Site {
  readonly player = new Player();
  readonly recorders = new Map<string, Recorder>();
  readonly monitor: VolumeMonitor;
  private readonly volumes: OpenVolumes;
  private readonly hub: StreamHub;
  private readonly journal: StatementJournal;
  private readonly accounts: Account[] = [];
  private sink: SourceSink | undefined;
  private sent = 0;
  /** Checks of volumes that run. */
  private readonly checks = new Set<Promise<unknown>>();
  /** Nobody waits for the disks: one of them does not answer. */
  hanging = false;

  private constructor(
    private readonly bench: Bench,
    private readonly options: SiteOptions,
  ) {
    const { clock } = bench;
    const volumes = Object.fromEntries(
      Object.entries(options.volumes).map(([name, volume]) => [
        name,
        {
          minFreeBytes: 0,
          maxBytes: undefined,
          state: 'active' as const,
          adopt: 'empty' as const,
          ...volume,
        },
      ]),
    );
    const knownVolumesFile = join(options.folder, 'known-volumes.json');
    const keeper = new VolumeKeeper({ volumes, knownVolumesFile, clock, log: quietLog });
    const checks = {
      measure: (name: string) => this.watched(keeper.measure(name)),
      probe: (name: string) => this.watched(keeper.probe(name)),
    };
    this.monitor = new VolumeMonitor({
      volumes,
      keeper: checks,
      metrics: true,
      clock,
      log: quietLog,
    });
    this.volumes = new OpenVolumes({
      volumes: new OwnVolumes(keeper, this.monitor),
      placement: 'order',
    });
    this.journal = new StatementJournal(() => this.volumes.journals, quietLog);
    this.volumes.onChange(() => this.journal.retry());
    this.hub = new StreamHub({
      clock,
      closeAfterMs: 1_000,
      cname: 'test',
      blocks: new BlockPool(),
      createSource: (sink) => {
        this.sink = sink;
        const source = { start: () => undefined, stop: () => Promise.resolve(), stats: {} };
        return source as unknown as Source;
      },
    });
  }

  static async open(options: SiteOptions): Promise<Site> {
    const bench = await Bench.open();
    const site = new Site(bench, options);
    await site.volumes.start();
    site.hub.attach(site.player, { fromKeyframe: false });
    const wallClock = new WallClock(bench.clock);
    for (const [camera, names] of Object.entries(options.cameras ?? { front: undefined })) {
      let current: string | undefined;
      const recorder = createRecorder({
        camera,
        stream: 'main',
        account: site.account(camera),
        chooseVolume: () => {
          const volume = site.volumes.choose(configOf(camera, names), 'main', current);
          current = volume?.volume.name;
          return volume;
        },
        whyNoVolume: () => site.volumes.reasonFor(configOf(camera, names)),
        clock: wallClock,
        settings: { ...bench.settings, queueBytes: options.queueBytes ?? 2 ** 20 },
        log: quietLog,
        metricsSink: new Figures(),
        ...(options.createFile === undefined ? {} : { createFile: options.createFile }),
      });
      site.recorders.set(camera, recorder);
      site.hub.attach(recorder, { fromKeyframe: true });
    }
    bench.frameBytes = 2_000;
    site.sink?.online(bench.tracks);
    return site;
  }

  get recorder(): Recorder {
    return this.recorders.values().next().value!;
  }

  get packetsSent(): number {
    return this.sent;
  }

  status(name: string): VolumeStatus | undefined {
    return this.monitor.statuses.find((status) => status.name === name);
  }

  reason(name: string): string | undefined {
    return this.status(name)?.problem?.reason;
  }

  /** The camera sends so many seconds. Disks that answer have done their work at each step, however busy this machine is. */
  async play(seconds: number): Promise<void> {
    const feed = { batch: (batch: PacketBatch) => this.feed(batch) } as unknown as Recorder;
    for (let done = 0; done < seconds; done += STEP_SECONDS) {
      await this.bench.play(feed, STEP_SECONDS);
      if (this.hanging) await new Promise((resolve) => setTimeout(resolve, STEP_REAL_MS));
      else await this.settle();
    }
  }

  /** The camera sends until it is so; throws when that is not so after `seconds`. */
  async playUntil(condition: () => boolean, seconds = 120): Promise<void> {
    for (let done = 0; !condition(); done += STEP_SECONDS) {
      if (done > seconds) throw new Error(`not within ${seconds} s: ${condition.toString()}`);
      await this.play(STEP_SECONDS);
    }
  }

  /** Writing and checks have caught up. */
  async settle(): Promise<void> {
    while (this.checks.size > 0) await Promise.allSettled(this.checks);
    for (const recorder of this.recorders.values()) await recorder.idle();
  }

  private async watched<T>(check: Promise<T>): Promise<T> {
    this.checks.add(check);
    try {
      return await check;
    } finally {
      this.checks.delete(check);
    }
  }

  async close(): Promise<void> {
    for (const recorder of this.recorders.values()) {
      this.hub.detach(recorder);
      await recorder.stop();
    }
    this.hub.detach(this.player);
    for (const account of this.accounts.splice(0)) account.close();
    this.journal.retry();
    await this.journal.idle();
    await this.volumes.close();
    await this.bench.close();
  }

  private account(camera: string): Account {
    const { clock } = this.bench;
    const account = new Account({
      camera,
      stream: 'main',
      now: () => clock.wallMs(),
      write: (record) => this.journal.write(record),
      figures: {
        recorded: () => undefined,
        expected: () => undefined,
        missing: () => undefined,
        gap: () => undefined,
      },
    });
    account.begin(clock.wallMs(), { kind: 'gap', reason: 'camera-offline' }, undefined);
    this.accounts.push(account);
    return account;
  }

  /** What lies on one volume. */
  async footage(volume: string, camera = 'front'): Promise<Stretch[]> {
    const { path } = this.options.volumes[volume]!;
    const directory = new SegmentDirectory(await Volume.open(volume, path));
    return await directory.list(camera, 'main', 0, Number.MAX_SAFE_INTEGER);
  }

  /** Where no volume has footage, between the first and the last. */
  async holes(camera = 'front'): Promise<Stretch[]> {
    const all: Stretch[] = [];
    for (const name of Object.keys(this.options.volumes))
      all.push(...(await this.footage(name, camera)));
    all.sort((a, b) => a.startMs - b.startMs);
    const holes: Stretch[] = [];
    let reachedMs = all[0]?.startMs ?? 0;
    for (const { startMs, endMs } of all) {
      if (startMs > reachedMs + SLIVER_MS) holes.push({ startMs: reachedMs, endMs: startMs });
      reachedMs = Math.max(reachedMs, endMs);
    }
    return holes;
  }

  /** Gaps as the journals of all volumes tell them, but the one before the camera was there. */
  async gaps(): Promise<(Stretch & { readonly reason: string })[]> {
    const gaps = [];
    for (const { path } of Object.values(this.options.volumes)) {
      const { lines } = await readJournal(join(path, '.nightjar', 'journal'), undefined, 2 ** 24);
      for (const line of lines)
        if (line.type === 'gap' && line.reason !== 'camera-offline') gaps.push(line);
    }
    return gaps;
  }

  /** Holes that are not told from end to end, the first part of each with that reason. */
  async unexplained(reason: string): Promise<Stretch[]> {
    const gaps = (await this.gaps()).toSorted((a, b) => a.startMs - b.startMs);
    return (await this.holes()).filter((hole) => {
      const first = gaps.find(
        ({ startMs, endMs }) =>
          startMs <= hole.startMs + SLIVER_MS && endMs > hole.startMs + SLIVER_MS,
      );
      if (first?.reason !== reason) return true;
      let toldMs = first.endMs;
      for (const { startMs, endMs } of gaps)
        if (startMs <= toldMs + SLIVER_MS) toldMs = Math.max(toldMs, endMs);
      return toldMs < hole.endMs - SLIVER_MS;
    });
  }

  private feed({ bytes, offsets, lengths, tracks, count }: PacketBatch): void {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let index = 0; index < count; index += 1)
      this.sink?.rtp(tracks[index]!, buffer, offsets[index]!, lengths[index]!);
    this.sink?.flush();
    this.sent += count;
  }
}

function configOf(name: string, volumes: readonly string[] | undefined): CameraConfig {
  return { name, volumes } as CameraConfig;
}

/** How often a volume failed for a reason, in this process. */
export async function failures(volume: string, reason: string): Promise<number> {
  const { values } = await metrics.volumeFailures.get();
  const found = values.find(
    ({ labels }) => labels['volume'] === volume && labels['reason'] === reason,
  );
  return found?.value ?? 0;
}

/** Whether monitoring sees a volume as healthy. */
export async function isHealthy(volume: string): Promise<boolean> {
  const { values } = await metrics.volumeHealthy.get();
  return values.some(({ labels, value }) => labels['volume'] === volume && value === 1);
}
