import type { CondemnedSegment, RetainedSegment, RetentionRepository } from '@nightjar/catalog';
import { messageOf, NightjarError } from '@nightjar/common';
import type { Clock } from '@nightjar/common';
import { planCamera, planVolume } from './plan.js';
import type { CameraPolicy, Plan } from './plan.js';
import type { SegmentRemover } from './segment-remover.js';

/** The volume as retention needs it; `Volume` of recording is one. */
export interface RetentionVolume {
  readonly id: string;
  readonly root: string;
  /** Throws if another disk or none is mounted. */
  verify(): Promise<void>;
  space(): Promise<{ readonly freeBytes: number }>;
}

export interface SweepOptions {
  readonly repository: RetentionRepository;
  readonly volume: RetentionVolume;
  readonly remover: SegmentRemover;
  readonly clock: Clock;
  readonly policies: ReadonlyMap<string, CameraPolicy>;
  readonly minFreeBytes: number;
  /** Told after each batch of files is gone and recorded. */
  deleted(segments: readonly CondemnedSegment[]): void;
}

/** Segments looked at, and deleted, per round. */
const PAGE = 500;
/** How long the record of a deletion is kept. */
const DELETION_KEPT_DAYS = 365;

/**
 * One pass of retention over a volume: finishes what an earlier pass began, then applies `maxAge`, `maxBytes` and the
 * free space of the volume, in this order. Can be repeated after a crash at any line; stops between batches on `signal`.
 * @throws NightjarError if the volume is not there, the database is away, or files could not be removed (those stay marked)
 */
export async function sweepVolume(options: SweepOptions, signal: AbortSignal): Promise<void> {
  const { repository, volume, policies, clock } = options;
  const failures = new Map<string, unknown>();
  await volume.verify();
  await finishDeletions(options, failures, signal);

  for (const [camera, policy] of policies) {
    if (policy.maxAgeMs === undefined && policy.maxBytes === undefined) continue;
    const excess =
      policy.maxBytes === undefined ? 0 : (await repository.cameraBytes(camera)) - policy.maxBytes;
    await applyRule(options, failures, signal, excess, {
      page: (after) => repository.oldestOfCamera(camera, after, PAGE),
      plan: (segments, excessBytes) => planCamera(segments, policy, clock.wallMs(), excessBytes),
    });
  }

  const { freeBytes } = await volume.space();
  await applyRule(options, failures, signal, options.minFreeBytes - freeBytes, {
    page: (after) => repository.oldestOnVolume(volume.id, after, PAGE),
    plan: planVolume,
  });
  await repository.forgetDeletions(DELETION_KEPT_DAYS);
  complainAbout(failures);
}

interface Rule {
  page(after: RetainedSegment | undefined): Promise<RetainedSegment[]>;
  plan(segments: readonly RetainedSegment[], excessBytes: number): Plan;
}

/** Walks from the oldest on, a page at a time, as long as the rule may want more. */
async function applyRule(
  options: SweepOptions,
  failures: Map<string, unknown>,
  signal: AbortSignal,
  excessBytes: number,
  rule: Rule,
): Promise<void> {
  let excess = excessBytes;
  let after: RetainedSegment | undefined;
  while (!signal.aborted) {
    const segments = await rule.page(after);
    const plan = rule.plan(segments, excess);
    // A camera can have footage on other volumes too; those are left to their own sweep.
    const ours = plan.deletions.filter(({ segment }) => segment.volumeId === options.volume.id);
    if (ours.length > 0) {
      await options.repository.condemn(
        ours.map(({ segment: { run, sequence }, rule: why }) => ({ run, sequence, rule: why })),
      );
      await finishDeletions(options, failures, signal);
    }
    if (!plan.more) return;
    excess = plan.excessBytes;
    after = segments.at(-1);
  }
}

/** Second phase: unlink, confirm, record and drop the row. Each step can be repeated. */
async function finishDeletions(
  options: SweepOptions,
  failures: Map<string, unknown>,
  signal: AbortSignal,
): Promise<void> {
  const { repository, volume, remover, clock } = options;
  let after: CondemnedSegment | undefined;
  while (!signal.aborted) {
    const batch = await repository.condemned(volume.id, after, PAGE);
    if (batch.length === 0) return;
    // A file that is missing counts as removed, so this must be the right disk.
    await volume.verify();
    const failed = await remover.remove(batch.map(({ path }) => path));
    for (const [path, error] of failed) failures.set(path, error);
    const gone = batch.filter(({ path }) => !failed.has(path));
    await remover.removeEmptyDirectories(gone, clock.wallMs());
    await repository.bury(gone);
    options.deleted(gone);
    after = batch.at(-1);
  }
}

function complainAbout(failures: ReadonlyMap<string, unknown>): void {
  const first = failures.entries().next().value;
  if (first === undefined) return;
  const [path, error] = first;
  throw new NightjarError(
    'unavailable',
    'retention/not-removed',
    `${failures.size} segments could not be removed, the first: ${path}: ${messageOf(error)}`,
    { path },
    error,
  );
}
