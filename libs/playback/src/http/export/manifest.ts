import type { Hole } from '../position.js';

/** Footage that is not there, and why. */
export interface ManifestGap {
  /** RFC 3339, UTC. */
  readonly start: string;
  readonly end: string;
  readonly reason: string;
}

/** A stored file that an export was made of. */
export interface ManifestSource {
  readonly volume: string;
  readonly path: string;
  /** Bytes that the hash is of: all before the segment's own index. */
  readonly bytes: number;
  readonly sha256: string;
  /**
   * `match`: the hash is the one that was noted when the segment was recorded. `differ`: the file was changed or damaged
   * since. `open`: it was still being recorded.
   */
  readonly recorded: 'match' | 'differ' | 'open';
}

export interface ManifestFile {
  readonly camera: string;
  readonly stream: string;
  /** Null: nothing is recorded. */
  readonly file: string | null;
  readonly bytes: number;
  readonly sha256: string | null;
  /** First and last instant that is in the file; null as the file. */
  readonly start: string | null;
  readonly end: string | null;
  readonly sources: readonly ManifestSource[];
  /** Of the asked range. */
  readonly gaps: readonly ManifestGap[];
}

/** What an export consists of and how it can be checked; `manifest.json` beside the files. */
export interface Manifest {
  readonly format: 'nightjar-export';
  readonly version: 1;
  readonly software: string;
  /** When the export was asked for. */
  readonly requestedAt: string;
  readonly start: string;
  readonly end: string;
  readonly files: readonly ManifestFile[];
}

/** Why footage is missing, as the catalog's ledger knows it; wall time. */
export interface ReasonSpan {
  readonly startMs: number;
  readonly endMs: number;
  readonly reason: string;
}

/** Divides time without footage by the reasons known for it; the rest is `unknown`. */
export function explainHoles(holes: readonly Hole[], spans: readonly ReasonSpan[]): ManifestGap[] {
  return holes.flatMap((hole) => {
    const pieces: ReasonSpan[] = [];
    let at = hole.startMs;
    for (const span of [...spans].sort((a, b) => a.startMs - b.startMs)) {
      const start = Math.max(at, span.startMs);
      const end = Math.min(hole.endMs, span.endMs);
      if (end <= start) continue;
      if (start > at) pieces.push({ startMs: at, endMs: start, reason: UNKNOWN });
      pieces.push({ startMs: start, endMs: end, reason: span.reason });
      at = end;
    }
    if (at < hole.endMs) pieces.push({ startMs: at, endMs: hole.endMs, reason: UNKNOWN });
    return pieces.map(({ startMs, endMs, reason }) => ({
      start: printTime(startMs),
      end: printTime(endMs),
      reason,
    }));
  });
}

const UNKNOWN = 'unknown';

export function printTime(ms: number): string {
  return new Date(ms).toISOString();
}
