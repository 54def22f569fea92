import type { Catalog } from '@nightjar/catalog';
import type { Clock } from '@nightjar/common';
import { NightjarError } from '@nightjar/common';
import type { NightjarConfig } from '@nightjar/config';
import { processorOf } from '@nightjar/jobs';
import type { JobProcessor } from '@nightjar/jobs';
import { metrics } from '@nightjar/monitoring';
import type { Logger } from '@nightjar/monitoring';
import { ClockWatch } from './breaker/clock-watch.js';
import { handleEmergency } from './emergency/emergency.js';
import type { EmergencyControl } from './emergency/emergency-control.js';
import { Housekeeping } from './housekeeping.js';
import { Admission } from './plan/admission.js';
import type { CountedVolume } from './plan/evaluate.js';
import { rulesOf } from './rules/rules.js';
import type { RetentionRules } from './rules/rules.js';
import type { RetentionVolume } from './sweep/deleter.js';
import { nodeRemovalSystem, SegmentRemover } from './sweep/segment-remover.js';
import { sweepVolume } from './sweep/sweep.js';
import type { SweepReport } from './sweep/sweep.js';
import { RetentionSweep } from './sweep/sweep.job.js';
import { countedVolumes } from './volumes.js';
import type { SizedVolume } from './volumes.js';

export interface RetentionOptions {
  readonly catalog: Catalog;
  readonly clock: Clock;
  readonly logger: Pick<Logger, 'info' | 'warn' | 'error'>;
  readonly emergencies: EmergencyControl;
  /** The configuration in force now. */
  config(): NightjarConfig;
  /** The volume of that name; throws while it is not there. */
  volume(name: string): Promise<RetentionVolume & SizedVolume>;
}

/** The processor of {@link RetentionSweep}. Idempotent: deletion is two-phase and every step can be repeated. */
export function retentionProcessor(options: RetentionOptions): JobProcessor {
  const retention = new Retention(options);
  return processorOf(RetentionSweep, ({ volume }, { signal, report }) =>
    retention.sweep(volume, signal, report),
  );
}

/** Sweeps, and what is seen and done around them. */
class Retention {
  private readonly clockWatch: ClockWatch;
  private readonly housekeeping: Housekeeping;
  private readonly admission: Admission;
  /** Volumes in need, so that it is told once. */
  private readonly inNeed = new Set<string>();

  constructor(private readonly options: RetentionOptions) {
    this.clockWatch = new ClockWatch(options.clock);
    this.housekeeping = new Housekeeping(options.catalog.housekeeping, options.clock);
    this.admission = new Admission(options);
  }

  async sweep(name: string, signal: AbortSignal, progress: (share: number) => void): Promise<void> {
    const { catalog, clock } = this.options;
    const config = this.options.config();
    if (config.volumes[name] === undefined) {
      throw new NightjarError(
        'not-found',
        'retention/unknown-volume',
        `there is no volume ${name} in the configuration`,
        { volume: name },
      );
    }
    const rules = rulesOf(config);
    const volume = await this.options.volume(name);
    const counted = countedVolumes(await catalog.volumes.list(), rules);
    const report = await sweepVolume(
      {
        repository: catalog.retention,
        sweeps: catalog.sweeps,
        volume,
        volumeName: name,
        remover: new SegmentRemover(volume.root, nodeRemovalSystem),
        clock,
        clockWatch: this.clockWatch,
        rules,
        counted,
        maxShare: config.retention.maxShare,
        progress,
        deleted: (segments) => {
          for (const { rule, bytes } of segments) {
            metrics.retentionDeletedSegments.inc({ rule });
            metrics.retentionDeletedBytes.inc({ rule }, bytes);
          }
        },
      },
      signal,
    );
    if (report === undefined || signal.aborted) return;
    this.tell(name, report);
    if (report.outcome === 'done')
      metrics.retentionSweepTimestampSeconds.set({ volume: name }, clock.wallMs() / 1000);
    await this.stopOrRelease(name, volume.id, report, config, rules, counted);
    if (report.outcome === 'done') await this.housekeeping.run(clock.wallMs());
    await this.admission.check(config, rules);
  }

  private tell(volume: string, report: SweepReport): void {
    const { logger } = this.options;
    metrics.retentionBlocked.set({ volume }, report.outcome === 'done' ? 0 : 1);
    metrics.retentionEmergency.set({ volume }, report.shortBytes > 0 ? 1 : 0);
    if (report.tripped !== undefined)
      logger.error(
        { volume, reason: report.tripped.reason },
        `retention of volume ${volume} has stopped itself: ${report.tripped.message}; see nightjar retention status, then mend it or run nightjar retention approve ${volume}`,
      );
    const known = this.inNeed.has(volume);
    if (report.shortBytes > 0 && !known) {
      this.inNeed.add(volume);
      logger.error(
        { volume, missingBytes: report.shortBytes },
        `volume ${volume} is full and all on it is protected by guarantees and holds`,
      );
    } else if (report.shortBytes <= 0 && known) {
      this.inNeed.delete(volume);
      logger.info({ volume }, `volume ${volume} has room again`);
    }
  }

  private async stopOrRelease(
    name: string,
    id: string,
    report: SweepReport,
    config: NightjarConfig,
    rules: RetentionRules,
    counted: readonly CountedVolume[],
  ): Promise<void> {
    const { catalog, clock, emergencies, logger } = this.options;
    const ruled = rules.volumes.find(({ volume }) => volume === name);
    if (ruled === undefined || ruled.state !== 'active') return;
    const { stop, release } = await handleEmergency({
      control: emergencies,
      volume: { id, rules: ruled, freeBytes: report.freeBytes },
      shortBytes: report.shortBytes,
      config,
      rules,
      counted,
      nowMs: clock.wallMs(),
      read: (work) => catalog.retention.read(work),
    });
    if (stop.length > 0)
      logger.error({ volume: name, cameras: stop }, 'recording stops: the disk is full');
    if (release.length > 0)
      logger.info({ volume: name, cameras: release }, 'recording goes on: there is room again');
  }
}
