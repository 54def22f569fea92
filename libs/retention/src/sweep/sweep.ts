import { isDeepStrictEqual } from 'node:util';
import type {
  FootageReader,
  RetentionBlock,
  SweepLogRepository,
  SweepOutcome,
} from '@nightjar/catalog';
import { judge } from '../breaker/breaker.js';
import type { Trip } from '../breaker/breaker.js';
import type { ClockWatch } from '../breaker/clock-watch.js';
import { evaluate } from '../plan/evaluate.js';
import type { CountedVolume, Evaluation } from '../plan/evaluate.js';
import { summarize } from '../plan/summary.js';
import { onlyRoom } from '../rules/rules.js';
import type { RetentionRules, VolumeRules } from '../rules/rules.js';
import { Deleter } from './deleter.js';
import type { DeleterOptions } from './deleter.js';

export interface SweepOptions extends DeleterOptions {
  readonly sweeps: SweepLogRepository;
  readonly clockWatch: ClockWatch;
  /** Name in the configuration. */
  readonly volumeName: string;
  readonly rules: RetentionRules;
  /** See {@link EvaluationInput.counted}. */
  readonly counted: readonly CountedVolume[];
  /** `retention.maxShare`. */
  readonly maxShare: number;
  /** Told how much of what is to go is gone, 0 to 1. */
  progress(share: number): void;
}

export interface SweepReport {
  readonly outcome: SweepOutcome;
  readonly segments: number;
  readonly bytes: number;
  /** Bytes missing to `minFree` although nothing unprotected is left. */
  readonly shortBytes: number;
  /** Free at the beginning. */
  readonly freeBytes: number;
  /** Set when this sweep stopped itself and asks; not again by those that wait for the answer. */
  readonly tripped: Trip | undefined;
}

/**
 * One pass of retention over a volume: finishes what an earlier pass began, decides, and deletes unless that looks wrong.
 * @returns undefined if another process sweeps the volume
 * @throws NightjarError if the volume is not there, the database is away, or files could not be removed (those stay marked)
 */
export async function sweepVolume(
  options: SweepOptions,
  signal: AbortSignal,
): Promise<SweepReport | undefined> {
  await options.volume.verify();
  return options.repository.exclusively(options.volume.id, (stillOurs) =>
    new Sweep(options, signal, stillOurs).run(),
  );
}

const NOTHING: VolumeRules = {
  volume: '',
  state: 'read-only',
  minFreeBytes: 0,
  maxBytes: undefined,
  maxAgeMs: undefined,
  minAgeMs: 0,
  eventMaxAgeMs: undefined,
};

class Sweep {
  private readonly deleter: Deleter;
  private readonly ruled: VolumeRules;
  private id = 0;
  private segments = 0;
  private bytes = 0;

  constructor(
    private readonly options: SweepOptions,
    signal: AbortSignal,
    private readonly stillOurs: () => Promise<void>,
  ) {
    this.deleter = new Deleter(options, signal);
    this.ruled =
      options.rules.volumes.find(({ volume }) => volume === options.volumeName) ?? NOTHING;
  }

  async run(): Promise<SweepReport> {
    const { sweeps, volume, clock } = this.options;
    if (this.ruled.state !== 'read-only') await this.deleter.finish();
    const nowMs = clock.wallMs();
    this.id = await sweeps.begin(volume.id, nowMs);
    const { freeBytes } = await volume.space();
    const { outcome, shortBytes, tripped } = await this.decide(nowMs, freeBytes);
    await sweeps.end(this.id, outcome, shortBytes, clock.wallMs());
    this.deleter.complain();
    const { segments, bytes } = this;
    return { outcome, segments, bytes, shortBytes, freeBytes, tripped };
  }

  private async decide(
    nowMs: number,
    freeBytes: number,
  ): Promise<Pick<SweepReport, 'outcome' | 'shortBytes' | 'tripped'>> {
    const { rules, sweeps, volume, clockWatch } = this.options;
    const lastSweepMs = await this.lastSweepMs(nowMs);
    // Somebody who was asked believed a time after the jump.
    const believedMs = await sweeps.lastMs(volume.id);
    if (believedMs !== undefined && believedMs > nowMs - clockWatch.jumpMs) clockWatch.trust();
    const block = await this.openBlock(nowMs);
    if (block !== undefined && block.approvedAtMs !== null)
      return this.passApproved(block, freeBytes, nowMs);
    if (block?.reason === 'clock') return this.wait(block.reason, block.trustedAtMs, freeBytes);

    const plan = await this.judged(rules, nowMs, lastSweepMs, freeBytes, clockWatch.jumpMs);
    if (plan.trip === undefined) {
      if (block !== undefined)
        await sweeps.close(block.id, 'the plan is an ordinary one now', nowMs);
      await this.carryOut(plan.evaluation);
      return this.result('done', plan.evaluation);
    }
    const { trip, evaluation } = plan;
    if (block === undefined)
      await sweeps.block({
        volumeId: volume.id,
        reason: trip.reason,
        message: trip.message,
        createdAtMs: nowMs,
        trustedAtMs: trip.trustedMs,
        ...totals(evaluation),
        footageBytes: plan.footageBytes,
        plan: summarize(evaluation),
        rules,
      });
    const waiting = await this.wait(trip.reason, trip.trustedMs, freeBytes);
    return { ...waiting, tripped: block === undefined ? trip : undefined };
  }

  /** The block that still means something: not of other rules, nor of a clock that went back. */
  private async openBlock(nowMs: number): Promise<RetentionBlock | undefined> {
    const { sweeps, volume, rules } = this.options;
    const [block] = await sweeps.blocks(volume.id);
    if (block === undefined) return undefined;
    const sameRules = isDeepStrictEqual(block.rules, JSON.parse(JSON.stringify(rules)));
    const clockWentBack = block.reason === 'clock' && nowMs < block.createdAtMs;
    // Other rules do not mend a clock.
    const waits = block.reason === 'clock' && block.approvedAtMs === null;
    if (!clockWentBack && (waits || sameRules)) return block;
    const because = clockWentBack ? 'the clock went back' : 'the rules are others now';
    await sweeps.close(block.id, because, nowMs);
    return undefined;
  }

  /** Deletes what was asked about, as of then, and no more than that. */
  private async passApproved(
    block: RetentionBlock,
    freeBytes: number,
    nowMs: number,
  ): Promise<Pick<SweepReport, 'outcome' | 'shortBytes' | 'tripped'>> {
    const { rules, repository, sweeps, clockWatch } = this.options;
    const evaluation = await repository.read((reader) =>
      this.evaluate(reader, rules, block.createdAtMs, block.createdAtMs, freeBytes),
    );
    await this.carryOut(evaluation, block);
    await sweeps.close(block.id, `approved by ${block.approvedBy}`, nowMs);
    clockWatch.trust();
    return this.result('done', evaluation);
  }

  /**
   * What goes on while an answer is awaited: room is made, so that recording does not end, by the guarantees of a time that
   * can be believed; unless that would be a bulk deletion itself.
   */
  private async wait(
    reason: SweepOutcome,
    trustedMs: number,
    freeBytes: number,
  ): Promise<Pick<SweepReport, 'outcome' | 'shortBytes' | 'tripped'>> {
    const plan = await this.judged(
      onlyRoom(this.options.rules),
      trustedMs,
      await this.lastSweepMs(trustedMs),
      freeBytes,
      0,
    );
    if (plan.trip !== undefined) return { outcome: reason, shortBytes: 0, tripped: undefined };
    await this.carryOut(plan.evaluation);
    return this.result(reason, plan.evaluation);
  }

  private async judged(
    rules: RetentionRules,
    nowMs: number,
    lastSweepMs: number,
    freeBytes: number,
    jumpMs: number,
  ): Promise<{ evaluation: Evaluation; trip: Trip | undefined; footageBytes: number }> {
    const { repository, maxShare } = this.options;
    return repository.read(async (reader) => {
      const evaluation = await this.evaluate(reader, rules, nowMs, lastSweepMs, freeBytes);
      const { doomed } = evaluation;
      if (doomed.length === 0) return { evaluation, trip: undefined, footageBytes: 0 };
      const footageBytes = await this.footageBytes(reader, evaluation);
      const recordedBytes = await this.recordedBytes(reader, evaluation, lastSweepMs);
      const trip = judge({
        doomed,
        footageBytes,
        recordedBytes,
        maxShare,
        nowMs,
        lastSweepMs,
        jumpMs,
      });
      return { evaluation, trip, footageBytes };
    });
  }

  private evaluate(
    reader: FootageReader,
    rules: RetentionRules,
    nowMs: number,
    lastSweepMs: number,
    freeBytes: number,
  ): Promise<Evaluation> {
    const ruled = rules.volumes.find(({ volume }) => volume === this.options.volumeName) ?? NOTHING;
    return evaluate(reader, {
      rules,
      nowMs,
      lastSweepMs,
      volumes: [{ id: this.options.volume.id, rules: ruled, freeBytes }],
      counted: this.options.counted,
    });
  }

  /** All of it, or a part that is enough to show that the plan is small. */
  private async footageBytes(reader: FootageReader, evaluation: Evaluation): Promise<number> {
    const { segments, bytes } = totals(evaluation);
    const enough = bytes / this.options.maxShare;
    const looked = Math.min(SMALL_LOOK, Math.ceil((2 * segments) / this.options.maxShare));
    const newest = await reader.newestBytes(this.options.volume.id, looked);
    if (newest >= enough) return newest;
    const all = await reader.footage(evaluation.streams.map(({ streamId }) => streamId));
    return all
      .filter(({ volumeId }) => volumeId === this.options.volume.id)
      .reduce((sum, row) => sum + row.bytes, 0);
  }

  private async recordedBytes(
    reader: FootageReader,
    evaluation: Evaluation,
    sinceMs: number,
  ): Promise<number> {
    const recorded = await reader.footage(
      evaluation.streams.map(({ streamId }) => streamId),
      sinceMs,
    );
    return recorded
      .filter(({ volumeId }) => volumeId === this.options.volume.id)
      .reduce((sum, row) => sum + row.bytes, 0);
  }

  private async lastSweepMs(nowMs: number): Promise<number> {
    const { sweeps, repository, volume } = this.options;
    const swept = await sweeps.lastMs(volume.id);
    const last = swept ?? (await repository.read((reader) => reader.newestMs(volume.id)));
    return Math.min(last ?? nowMs, nowMs);
  }

  private async carryOut(evaluation: Evaluation, approved?: RetentionBlock): Promise<void> {
    if (evaluation.doomed.length === 0) return;
    const planned = totals(evaluation).segments;
    await this.deleter.carryOut({
      evaluation,
      maxSegments: approved === undefined ? Infinity : approved.segments - approved.passedSegments,
      maxBytes: approved === undefined ? Infinity : approved.bytes - approved.passedBytes,
      detail: {
        sweep: this.id,
        decidedAt: new Date(evaluation.nowMs).toISOString(),
        ...(approved !== undefined && { approvedBy: approved.approvedBy }),
      },
      stillOurs: this.stillOurs,
      condemned: async (segments, bytes) => {
        this.segments += segments;
        this.bytes += bytes;
        this.options.progress(this.segments / planned);
        await this.options.sweeps.note(this.id, segments, bytes);
        if (approved !== undefined) await this.options.sweeps.pass(approved.id, segments, bytes);
      },
    });
  }

  private result(
    outcome: SweepOutcome,
    { shortBytes }: Evaluation,
  ): Pick<SweepReport, 'outcome' | 'shortBytes' | 'tripped'> {
    return {
      outcome,
      shortBytes: shortBytes.get(this.options.volume.id) ?? 0,
      tripped: undefined,
    };
  }
}

/** Segments looked at, at most, before all footage is counted. */
const SMALL_LOOK = 20_000;

function totals({ doomed }: Evaluation): { segments: number; bytes: number } {
  return {
    segments: doomed.reduce((sum, row) => sum + row.segments, 0),
    bytes: doomed.reduce((sum, row) => sum + row.bytes, 0),
  };
}
