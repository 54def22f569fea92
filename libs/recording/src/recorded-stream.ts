import { metrics } from '@nightjar/monitoring';
import type { RelayStream } from '@nightjar/relay';
import type { Absence, Account } from './account/account.js';
import type { AccountEnd } from './account/account-record.js';
import type { Demand } from './demand/demand.js';
import { absenceOf, createRecorder, NOT_YET_ONLINE } from './recorder/recorder.js';
import type { Recorder } from './recorder/recorder.js';
import type { RecorderOptions } from './recorder/recorder-options.js';
import type { SegmentChain } from './segments/segment-chain.js';
import { NO_VOLUME } from './recorder/stream-runs.js';

/** Without its source in the relay, a declared stream is a matter of configuration. */
const NO_SOURCE = 'configuration';

export interface RecordedStreamOptions extends Omit<
  RecorderOptions,
  'account' | 'chain' | 'demand' | 'openGap'
> {
  readonly account: Account;
  readonly chain: SegmentChain;
}

interface Attached {
  readonly source: RelayStream;
  readonly recorder: Recorder;
}

/** A declared stream through all that is asked of it: attached to its hub while it is wanted or armed, accounted for always. */
export class RecordedStream {
  readonly account: Account;
  private attached: Attached | undefined;
  private source: RelayStream | undefined;
  private demand: Demand;
  /** Recorders that were let go of and still write. */
  private leaving: Promise<void> = Promise.resolve();

  constructor(
    private readonly options: RecordedStreamOptions,
    demand: Demand,
  ) {
    this.account = options.account;
    this.demand = demand;
  }

  get camera(): string {
    return this.options.camera;
  }

  get stream(): string {
    return this.options.stream;
  }

  /** Of its segments, on all volumes. */
  get chain(): SegmentChain {
    return this.options.chain;
  }

  get recorder(): Recorder | undefined {
    return this.attached?.recorder;
  }

  /** Begins the account: once, before anything else. @param before as {@link Account.begin} */
  begin(atMs: number, before: AccountEnd | undefined | 'unknown'): void {
    this.account.begin(atMs, this.stateOf(this.demand), before);
  }

  /** Another thing is asked of it; at once where it is attached already. */
  want(demand: Demand): void {
    const before = this.demand;
    this.demand = demand;
    if (this.attached !== undefined) {
      this.attached.recorder.want(demand);
      if (!isNeeded(demand)) this.detach();
      return;
    }
    const nowMs = this.options.clock.now();
    const wasPrivate = before.because === 'privacy';
    // Pictures that need others of the time of privacy belong to it: with a camera that delivers it lasts until a keyframe.
    const lasts = wasPrivate && demand.wanted && this.source?.hub.delivering === true;
    if (!lasts && !(demand.wanted && before.wanted)) this.account.turn(this.stateOf(demand), nowMs);
    // The hub may still hold pictures from the time of privacy.
    this.attach({ fromKeyframe: !wasPrivate });
  }

  /** Its source in the relay now; a source whose settings changed is another one. */
  follow(source: RelayStream | undefined): void {
    this.source = source;
    if (this.attached !== undefined && this.attached.source !== source) this.detach();
    if (source === undefined && this.demand.wanted) this.account.because(NO_SOURCE);
    this.attach();
  }

  /** Brings the figures up to date. */
  collect(): void {
    const { camera, stream } = this.options;
    const { recorder } = this;
    this.account.count();
    if (recorder === undefined) {
      metrics.recordingQueueBytes.remove({ camera, stream });
      metrics.recordingPrerollBytes.remove({ camera, stream });
      return;
    }
    metrics.recordingQueueBytes.set({ camera, stream }, recorder.queuedBytes);
    metrics.recordingPrerollBytes.set({ camera, stream }, recorder.preRollBytes);
  }

  /** Ends the recording; resolves when all of it is on the disk. */
  async stop(): Promise<void> {
    this.detach();
    await this.leaving;
  }

  private attach(from = { fromKeyframe: true }): void {
    const { source, demand, options } = this;
    if (this.attached !== undefined || source === undefined || !isNeeded(demand)) return;
    const recorder = createRecorder({ ...options, demand });
    this.attached = { source, recorder };
    source.hub.attach(recorder, from);
  }

  private detach(): void {
    const { attached } = this;
    if (attached === undefined) return;
    this.attached = undefined;
    attached.source.hub.detach(attached.recorder);
    this.leaving = Promise.all([this.leaving, attached.recorder.stop()]).then(() => undefined);
  }

  /** What holds of it while nothing was tried. */
  private stateOf(demand: Demand): Absence {
    if (!demand.wanted) return absenceOf(demand.because);
    const { chooseVolume, whyNoVolume } = this.options;
    if (chooseVolume() !== undefined) return { kind: 'gap', reason: NOT_YET_ONLINE };
    return { kind: 'gap', reason: whyNoVolume?.() ?? NO_VOLUME };
  }
}

function isNeeded(demand: Demand): boolean {
  return demand.wanted || demand.preRoll !== undefined;
}
