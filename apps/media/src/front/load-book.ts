import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Clock, MonotonicMs } from '@nightjar/common';

/** A change of load has moved the figure two thirds of the way after this. */
export const SMOOTHING_MS = 60_000;

/** How much there is to do for each camera, smoothed; remembered from one start to the next. */
export class LoadBook {
  private readonly reportedAt = new Map<string, MonotonicMs>();

  private constructor(
    private readonly file: string,
    private readonly figures: Map<string, number>,
    private readonly clock: Clock,
  ) {}

  /** A file that is missing or cannot be read knows nothing. */
  static open(file: string, clock: Clock): LoadBook {
    return new LoadBook(file, readFigures(file), clock);
  }

  /** Bytes per second by camera. */
  get loads(): ReadonlyMap<string, number> {
    return this.figures;
  }

  /** Takes what was measured since the last report of each camera, bytes per second. */
  report(bytesPerSecond: Readonly<Record<string, number>>): void {
    const now = this.clock.monotonicMs();
    for (const [camera, measured] of Object.entries(bytesPerSecond)) {
      const before = this.figures.get(camera);
      const sinceMs = now - (this.reportedAt.get(camera) ?? now);
      this.reportedAt.set(camera, now);
      // The first report after a start says how long it measured by nothing: what is remembered weighs more.
      const weight = before === undefined ? 1 : 1 - Math.exp(-sinceMs / SMOOTHING_MS);
      this.figures.set(camera, (before ?? 0) + weight * (measured - (before ?? 0)));
    }
  }

  /** Forgets cameras that are not among these. */
  keep(cameras: ReadonlySet<string>): void {
    for (const camera of this.figures.keys()) {
      if (cameras.has(camera)) continue;
      this.figures.delete(camera);
      this.reportedAt.delete(camera);
    }
  }

  /** @throws the error of the file system; what was there before is then still there */
  save(): void {
    const figures = Object.fromEntries(
      [...this.figures].map(([name, load]) => [name, Math.round(load)]),
    );
    mkdirSync(dirname(this.file), { recursive: true });
    writeFileSync(
      `${this.file}.new`,
      `${JSON.stringify({ bytesPerSecond: figures }, undefined, 2)}\n`,
    );
    renameSync(`${this.file}.new`, this.file);
  }
}

function readFigures(file: string): Map<string, number> {
  try {
    const { bytesPerSecond } = JSON.parse(readFileSync(file, 'utf8')) as {
      bytesPerSecond?: Record<string, unknown>;
    };
    const figures = Object.entries(bytesPerSecond ?? {}).filter(
      (entry): entry is [string, number] => typeof entry[1] === 'number' && entry[1] >= 0,
    );
    return new Map(figures);
  } catch {
    return new Map();
  }
}
