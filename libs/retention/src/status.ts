import type { Catalog, RetentionBlock } from '@nightjar/catalog';
import type { NightjarConfig } from '@nightjar/config';
import type { EmergencyControl } from './emergency/emergency-control.js';

/** What waits for an answer. Times are RFC 3339. */
export interface BlockView {
  readonly volume: string;
  readonly reason: string;
  readonly message: string;
  readonly since: string;
  readonly segments: number;
  readonly bytes: number;
  /** Of the footage on the volume, 0 to 1. */
  readonly share: number;
  readonly approvedAt: string | null;
  readonly approvedBy: string | null;
  readonly passedSegments: number;
  readonly passedBytes: number;
  /** By camera and rule, as in a plan. */
  readonly plan: unknown;
}

export interface VolumeStatus {
  readonly volume: string;
  /** Null before the first sweep. */
  readonly lastSweep: {
    readonly sweep: number;
    readonly startedAt: string;
    /** Null while it runs, or if its worker died. */
    readonly endedAt: string | null;
    /** `share` and `clock`: it stopped itself. */
    readonly outcome: string;
    readonly segments: number;
    readonly bytes: number;
  } | null;
  readonly block: BlockView | null;
  /** Bytes missing to `minFree` although nothing unprotected is left; 0: no emergency. */
  readonly missingBytes: number;
  /** Cameras that were stopped for it, in order. */
  readonly stopped: readonly string[];
}

/** How retention stands on every configured volume. */
export async function retentionStatus(
  catalog: Catalog,
  config: NightjarConfig,
  emergencies: EmergencyControl,
): Promise<VolumeStatus[]> {
  const known = await catalog.volumes.list();
  const sweeps = await catalog.sweeps.latest();
  const blocks = await catalog.sweeps.blocks();
  const status: VolumeStatus[] = [];
  for (const volume of Object.keys(config.volumes)) {
    const ids = new Set(known.flatMap(({ id, name }) => (name === volume ? [id] : [])));
    const last = sweeps
      .filter(({ volumeId }) => ids.has(volumeId))
      .toSorted((a, b) => b.id - a.id)
      .at(0);
    const block = blocks.find(({ volumeId }) => ids.has(volumeId));
    status.push({
      volume,
      lastSweep:
        last === undefined
          ? null
          : {
              sweep: last.id,
              startedAt: print(last.startedAtMs),
              endedAt: last.endedAtMs === null ? null : print(last.endedAtMs),
              outcome: last.outcome,
              segments: last.segments,
              bytes: last.bytes,
            },
      block: block === undefined ? null : blockView(block),
      missingBytes: last?.shortBytes ?? 0,
      stopped: await emergencies.stopped(volume),
    });
  }
  return status;
}

export function blockView(block: RetentionBlock): BlockView {
  return {
    volume: block.volume,
    reason: block.reason,
    message: block.message,
    since: print(block.createdAtMs),
    segments: block.segments,
    bytes: block.bytes,
    share: block.footageBytes === 0 ? 1 : Number((block.bytes / block.footageBytes).toPrecision(3)),
    approvedAt: block.approvedAtMs === null ? null : print(block.approvedAtMs),
    approvedBy: block.approvedBy,
    passedSegments: block.passedSegments,
    passedBytes: block.passedBytes,
    plan: block.plan,
  };
}

function print(ms: number): string {
  return new Date(ms).toISOString();
}
