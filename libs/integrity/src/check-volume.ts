import type {
  DamageKind,
  IntegrityPass,
  IntegrityRepository,
  SegmentToCheck,
} from '@nightjar/catalog';
import { NightjarError, type Clock } from '@nightjar/common';
import { parseSegmentPath } from '@nightjar/recording';
import { checkFile } from './check-file.js';

/** The volume as the check needs it; `Volume` of recording is one. */
export interface CheckedVolume {
  readonly id: string;
  /** Absolute path of a path below the volume. */
  resolve(path: string): string;
  /** Throws if another disk or none is mounted. */
  verify(): Promise<void>;
}

export interface CheckOptions {
  readonly repository: IntegrityRepository;
  readonly volume: CheckedVolume;
  readonly clock: Clock;
  /** Awaited before so many bytes are read; throws `cancelled` to stop. */
  readonly spend: (bytes: number) => Promise<void>;
  /** Told of every file that was looked at. */
  readonly checked: (
    segment: SegmentToCheck,
    bytes: number,
    damage: readonly FoundDamage[],
  ) => void;
}

export interface FoundDamage {
  readonly kind: DamageKind;
  readonly detail: string;
}

/** Segments asked of the catalog at once. */
const PAGE = 200;

/**
 * Goes on with the pass over a volume: oldest footage first, from where the last call stopped, until `budgetBytes` were
 * read or the pass is through. What is wrong is remembered in the catalog; no file and no row is changed.
 * @returns the state of the pass; `finishedAtMs` is set when it is through
 */
export async function continuePass(
  options: CheckOptions,
  begun: IntegrityPass,
  budgetBytes: number,
): Promise<IntegrityPass> {
  const { repository, volume } = options;
  let pass = begun;
  let left = budgetBytes;
  await volume.verify();
  while (left > 0) {
    const page = await repository.next(volume.id, pass.after, PAGE);
    if (page.length === 0) {
      pass = { ...pass, finishedAtMs: options.clock.wallMs() };
      break;
    }
    for (const segment of page) {
      const bytes = await checkSegment(options, segment);
      left -= Math.max(bytes, 1);
      const { startMs, run, sequence } = segment;
      pass = {
        ...pass,
        after: { startMs, run, sequence },
        segments: pass.segments + 1,
        bytes: pass.bytes + bytes,
      };
      if (left <= 0) break;
    }
    await repository.savePass(volume.id, pass);
  }
  await repository.savePass(volume.id, pass);
  return pass;
}

/**
 * Checks one segment and remembers what is wrong with it. One that retention deletes meanwhile is passed over.
 * @returns bytes read
 */
export async function checkSegment(
  options: CheckOptions,
  segment: SegmentToCheck,
): Promise<number> {
  const { repository, volume } = options;
  const found: FoundDamage[] = [];
  if (!segment.linked)
    found.push({
      kind: 'unlinked',
      detail: 'the segment that it names as the one before it is not known: footage was taken out',
    });
  const { bytes, damage } = await checkPath(options, segment);
  if (damage !== undefined) {
    // A disk that vanished meanwhile must not be taken for one that lost its files.
    await volume.verify();
    // Retention marks a row before it removes the file.
    const deleted =
      damage.kind === 'missing' && !(await repository.isPresent(volume.id, segment.path));
    if (deleted) return bytes;
    found.push(damage);
  }
  const kinds = found.map(({ kind }) => kind);
  for (const { kind, detail } of found) await repository.damaged(volume.id, segment, kind, detail);
  await repository.sound(volume.id, segment.path, kinds);
  options.checked(segment, bytes, found);
  return bytes;
}

async function checkPath(
  { volume, spend }: CheckOptions,
  { path, bytes, hash }: SegmentToCheck,
): ReturnType<typeof checkFile> {
  if (parseSegmentPath(path) === undefined) {
    throw new NightjarError(
      'data-loss',
      'integrity/foreign-path',
      `${path} is not the path of a segment`,
      {
        path,
      },
    );
  }
  return checkFile(volume.resolve(path), { bytes, hash }, spend);
}
