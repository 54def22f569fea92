import type { Catalog, LoggedDeletion } from '@nightjar/catalog';
import { viewOf } from './holds/holds.js';
import type { HoldView } from './holds/holds.js';

/** A deletion as it is shown. Times are RFC 3339. */
export interface DeletionView {
  readonly stream: string;
  readonly volume: string;
  readonly path: string;
  readonly start: string;
  readonly end: string;
  readonly bytes: number;
  readonly rule: string;
  readonly deletedAt: string;
  /** What the rule was decided on: its value then, the sweep, the time it went by. Null for deletions of older versions. */
  readonly detail: object | null;
  readonly hash: string | null;
}

/** What became of a camera's footage of one instant. */
export interface WhyGone {
  readonly camera: string;
  readonly at: string;
  readonly deleted: readonly DeletionView[];
  readonly present: readonly {
    readonly stream: string;
    readonly volume: string;
    readonly path: string;
    /** True: it is condemned, and gone in a moment. */
    readonly deleting: boolean;
  }[];
  readonly holds: readonly HoldView[];
  /** Why nothing was recorded, in the words of the recorder. */
  readonly gaps: readonly { readonly stream: string; readonly reason: string }[];
}

/** Deletions told at once, at most. */
const MAX_DELETIONS = 10_000;

export async function whyGone(
  catalog: Catalog,
  camera: string,
  atMs: number,
  nowMs: number,
): Promise<WhyGone> {
  const present = await catalog.deletions.kept(camera, atMs);
  return {
    camera,
    at: print(atMs),
    deleted: await deletionsBetween(catalog, camera, atMs, atMs + 1),
    present: present.map(({ stream, volume, path, state }) => ({
      stream,
      volume,
      path,
      deleting: state === 'deleting',
    })),
    holds: (await catalog.holds.covering(camera, atMs, atMs + 1, nowMs)).map(viewOf),
    gaps: await catalog.deletions.gaps(camera, atMs),
  };
}

/** What was deleted of a camera's footage between two times, in order of the footage; the first ten thousand. */
export async function deletionsBetween(
  catalog: Catalog,
  camera: string,
  startMs: number,
  endMs: number,
): Promise<DeletionView[]> {
  return (await catalog.deletions.between(camera, startMs, endMs, MAX_DELETIONS)).map(printed);
}

function printed(deletion: LoggedDeletion): DeletionView {
  const { stream, volume, path, startMs, endMs, bytes, rule, deletedAtMs, detail, hash } = deletion;
  return {
    stream,
    volume,
    path,
    start: print(startMs),
    end: print(endMs),
    bytes,
    rule,
    deletedAt: print(deletedAtMs),
    detail,
    hash,
  };
}

function print(ms: number): string {
  return new Date(ms).toISOString();
}
