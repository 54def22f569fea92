import { messageOf, type Clock } from '@nightjar/common';
import type { CameraConfig, RecordConfig, RecordingConfig } from '@nightjar/config';
import type { Readiness } from '@nightjar/monitoring';
import type { Relay } from '@nightjar/relay';
import { Account, RETELL_MS } from './account/account.js';
import type { AccountEnd } from './account/account-record.js';
import type { AccountFigures } from './account/account.js';
import { StatementJournal } from './journal/statement-journal.js';
import type { Statement } from './journal/statement.js';
import { Archive } from './segments/archive.js';
import { demandOfMode, recordsOf } from './demand/config-demands.js';
import type { Demand, Demands } from './demand/demand.js';
import type { CreateSegmentFile } from './segments/durable-files.js';
import { OpenVolumes } from './volumes/open-volumes.js';
import type { RecordingLog, RecordingMetrics, RecordingSettings } from './ports.js';
import { RecordedStream } from './recorded-stream.js';
import { loggedError } from './recorder/recorder-options.js';
import type { RecordingVolume, RecordingVolumes } from './volumes/recording-volumes.js';
import { SegmentChain } from './segments/segment-chain.js';
import type { LiveSegments } from './segments/segment-directory.js';
import { WallClock } from './time/wall-clock.js';

export interface RecordingsOptions {
  readonly relay: Relay;
  readonly volumes: RecordingVolumes;
  readonly placement: RecordingConfig['placement'];
  readonly settings: RecordingSettings;
  readonly clock: Clock;
  readonly log: RecordingLog;
  readonly metricsOf: (camera: string, stream: string) => RecordingMetrics;
  readonly figuresOf: (camera: string, stream: string) => AccountFigures;
  /** Something that was told is forgotten, because too much waits for a journal. */
  readonly statementDropped?: () => void;
  /** What is asked of each stream now; left out: what the mode in its configuration says. */
  readonly demands?: Demands;
  /** Makes the files of segments; left out: real ones. */
  readonly createFile?: CreateSegmentFile;
  /** All cameras of the installation, where this process has only some of them: whose account is not for it to end. */
  readonly allCameras?: () => Readonly<Record<string, CameraConfig>>;
}

interface Declared {
  readonly camera: string;
  readonly stream: string;
  readonly mode: RecordConfig['mode'];
}

/** Records the streams that are declared, as it is asked for, on the volumes of this process, and accounts for each of them. */
export class Recordings {
  readonly archive: Archive;
  private readonly wallClock: WallClock;
  private readonly volumes: OpenVolumes;
  private readonly journal: StatementJournal;
  private readonly streams = new Map<string, RecordedStream>();
  /** Volumes that were opened and not asked yet how the accounts ended. */
  private unheard: RecordingVolume[] = [];
  private cameras: Readonly<Record<string, CameraConfig>> | undefined;
  /** One change at a time, in order. */
  private work: Promise<void> = Promise.resolve();
  private stopped = false;

  constructor(private readonly options: RecordingsOptions) {
    const { volumes, placement, clock, log, demands } = options;
    this.wallClock = new WallClock(clock);
    this.volumes = new OpenVolumes({ volumes, placement });
    this.volumes.onChange((opened) => {
      if (opened === undefined) {
        // What waits for a journal may go to another one.
        this.journal.retry();
        return;
      }
      this.archive.add(opened.volume);
      this.unheard.push(opened);
      void this.enqueue(() => this.reconcile());
    });
    this.journal = new StatementJournal(() => this.volumes.journals, log, options.statementDropped);
    const live: LiveSegments = {
      openSegment: (camera, stream) => this.streams.get(key(camera, stream))?.recorder?.openSegment,
    };
    this.archive = new Archive(live, options.clock, (name) => this.volumes.isReadable(name));
    demands?.onChange((camera, stream) => this.demandChanged(camera, stream));
    this.retellLater();
  }

  /** Opens the volumes, finishing what a crash left open. A volume that fails is retried; the others are used meanwhile. */
  start(): Promise<void> {
    return this.volumes.start();
  }

  /** Which volumes cannot be used, and why. Recording is not ready when there is none left to write to. */
  get readiness(): Readiness {
    return { ready: this.volumes.writable, reasons: this.volumes.problems };
  }

  /** Brings the figures of the volumes, of the accounts and of what is held in memory up to date. */
  collect(): void {
    for (const stream of this.streams.values()) stream.collect();
    this.volumes.collect();
  }

  /** Makes the recordings those of `cameras`; call it after the relay was changed. Others go on undisturbed. */
  apply(cameras: Readonly<Record<string, CameraConfig>>): Promise<void> {
    this.cameras = cameras;
    return this.enqueue(() => this.reconcile());
  }

  /** Writes what happened to a stream to the journal of a volume, from where it comes into the catalog. */
  tell(statement: Statement): void {
    this.journal.write(statement);
  }

  /** Ends every recording; resolves when all of it is on the disk. */
  async stop(): Promise<void> {
    this.stopped = true;
    await this.work;
    const streams = [...this.streams.values()];
    await Promise.all(streams.map((stream) => stream.stop()));
    this.streams.clear();
    for (const { account } of streams) account.close();
    await this.journal.close();
    await this.volumes.close();
  }

  private enqueue(task: () => Promise<void>): Promise<void> {
    this.work = this.work.then(task).catch((error: unknown) => {
      this.options.log.error(
        { err: { message: messageOf(error) } },
        'recordings could not be changed',
      );
    });
    return this.work;
  }

  private async reconcile(): Promise<void> {
    const { cameras } = this;
    if (this.stopped || cameras === undefined) return;
    const declared = new Map<string, Declared>();
    for (const camera of Object.values(cameras)) {
      for (const { stream, mode } of recordsOf(camera))
        declared.set(key(camera.name, stream), { camera: camera.name, stream, mode });
    }
    for (const [id, stream] of this.streams) {
      if (declared.has(id)) continue;
      this.streams.delete(id);
      await stream.stop();
      stream.account.withdraw();
    }
    await this.hearVolumes();
    const fresh = [...declared].filter(([id]) => !this.streams.has(id));
    const ends = fresh.length > 0 ? await this.endsOf(fresh.map(([, one]) => one)) : new Map();
    const chains = await Promise.all(
      fresh.map(async ([, one]) => new SegmentChain(await this.lastHash(one.camera, one.stream))),
    );
    for (const [index, [id, one]] of fresh.entries())
      this.streams.set(id, this.begin(one, ends, chains[index]));
    for (const [id, one] of declared) {
      const stream = this.streams.get(id);
      stream?.want(this.demandOf(one));
      stream?.follow(this.options.relay.get(one.camera, one.stream));
    }
    this.journal.retry();
  }

  private begin(
    one: Declared,
    ends: ReadonlyMap<string, AccountEnd | 'unknown'>,
    chain = new SegmentChain(null),
  ): RecordedStream {
    const { camera, stream } = one;
    const { settings, log, metricsOf, figuresOf, createFile } = this.options;
    const account = new Account({
      camera,
      stream,
      now: () => this.wallClock.now(),
      write: (record) => this.journal.write(record),
      figures: figuresOf(camera, stream),
    });
    let current: string | undefined;
    const recorded = new RecordedStream(
      {
        camera,
        stream,
        account,
        chain,
        chooseVolume: () => {
          const config = this.cameras?.[camera];
          const volume = config && this.volumes.choose(config, stream, current);
          current = volume?.volume.name;
          return volume;
        },
        whyNoVolume: () => this.volumes.reasonFor(this.cameras?.[camera]),
        clock: this.wallClock,
        settings,
        log,
        metricsSink: metricsOf(camera, stream),
        ...(createFile && { createFile }),
      },
      this.demandOf(one),
    );
    recorded.begin(this.wallClock.now(), ends.get(key(camera, stream)));
    return recorded;
  }

  /** Hash of the newest segment of a stream; null when there is none to be read. */
  private async lastHash(camera: string, stream: string): Promise<string | null> {
    try {
      return await this.archive.lastHash(camera, stream);
    } catch (error) {
      this.options.log.error(
        { camera, stream, err: loggedError(error) },
        'the newest segment cannot be read: the chain of hashes begins anew',
      );
      return null;
    }
  }

  private demandOf({ camera, stream, mode }: Declared): Demand {
    return this.options.demands?.of(camera, stream) ?? demandOfMode(mode, this.wallClock.now());
  }

  private demandChanged(camera: string, stream: string): void {
    const demand = this.options.demands?.of(camera, stream);
    if (demand !== undefined && !this.stopped) this.streams.get(key(camera, stream))?.want(demand);
  }

  /** How the accounts of streams ended before, as the open volumes tell it; 'unknown' while there is none to ask. */
  private async endsOf(streams: readonly Declared[]): Promise<Map<string, AccountEnd | 'unknown'>> {
    const volumes = this.volumes.all;
    const told = (await Promise.all(volumes.map((volume) => this.accountsOn(volume)))).flat();
    const newest = new Map<string, AccountEnd | 'unknown'>(latest(told));
    await Promise.all(
      streams.map(async ({ camera, stream }) => {
        const id = key(camera, stream);
        if (newest.has(id)) return;
        if (volumes.length === 0) newest.set(id, 'unknown');
        // Footage whose journal is lost, or from before there were accounts.
        const last = await this.archive.last(camera, stream);
        if (last !== undefined)
          newest.set(id, {
            camera,
            stream,
            endMs: last.endMs,
            inOrder: true,
            withdrawn: false,
            unwanted: undefined,
          });
      }),
    );
    return newest;
  }

  /** Asks the volumes that are new: how the accounts ended, and of streams that were declared and are no more. */
  private async hearVolumes(): Promise<void> {
    const volumes = this.unheard.splice(0);
    for (const volume of volumes) {
      const ends = await this.accountsOn(volume);
      const known = latest(ends);
      for (const [id, stream] of this.streams) {
        stream.account.learn(known.get(id));
        stream.chain.found(await this.lastHash(stream.camera, stream.stream));
      }
      for (const end of ends) {
        if (end.withdrawn || this.isDeclared(end)) continue;
        const { camera, stream, endMs: atMs } = end;
        this.journal.write({ type: 'withdrawn', camera, stream, atMs });
      }
    }
  }

  private async accountsOn(volume: RecordingVolume): Promise<readonly AccountEnd[]> {
    try {
      return await volume.accounts();
    } catch (error) {
      this.options.log.error(
        { volume: volume.volume.name, err: loggedError(error) },
        'the volume does not tell what was accounted for before',
      );
      return [];
    }
  }

  private isDeclared({ camera, stream }: AccountEnd): boolean {
    const config = (this.options.allCameras?.() ?? this.cameras)?.[camera];
    return config !== undefined && recordsOf(config).some((one) => one.stream === stream);
  }

  private retellLater(): void {
    this.options.clock.setTimer(RETELL_MS, () => {
      if (this.stopped) return;
      for (const { account } of this.streams.values()) account.retell();
      this.journal.retry();
      this.retellLater();
    });
  }
}

/** The latest of each stream. */
function latest(ends: readonly AccountEnd[]): Map<string, AccountEnd> {
  const found = new Map<string, AccountEnd>();
  for (const end of ends) {
    const id = key(end.camera, end.stream);
    if (end.endMs >= (found.get(id)?.endMs ?? -Infinity)) found.set(id, end);
  }
  return found;
}

function key(camera: string, stream: string): string {
  return `${camera}/${stream}`;
}
