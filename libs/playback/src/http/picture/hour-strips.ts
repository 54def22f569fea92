import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { NightjarError } from '@nightjar/common';
import { isPlainName } from '@nightjar/recording';
import type { StoredFootage } from '../stored-footage.js';
import type { Ffmpeg } from './ffmpeg.js';
import { drawStrip, planStrip, type ThumbnailStrip } from './thumbnails.js';

const HOUR_MS = 3_600_000;
/** Hours that are made up for after the worker was away. */
const CATCH_UP_HOURS = 48;
/** One picture a minute. */
const PICTURES = 60;
const WIDTH_PX = 160;
const FILE = /^(\d{4})(\d\d)(\d\d)T(\d\d)\.(jpg|json)$/;

/** Where the strip of each hour lies: `<directory>/<camera>/<stream>/<yyyymmdd>T<hh>.jpg`, and its times beside it as JSON. */
export class HourStrips {
  /** @param directory absolute */
  constructor(private readonly directory: string) {}

  /**
   * Path of a file as it is named in a URL.
   * @throws NightjarError 'not-found' for any other name
   */
  file(camera: string, stream: string, name: string): string {
    if (!isPlainName(camera) || !isPlainName(stream) || hourOf(name) === undefined) throw noStrip();
    return join(this.directory, camera, stream, name);
  }

  /** The hour that a file is of; throws as {@link file}. */
  spanOf(name: string): { readonly startMs: number; readonly endMs: number } {
    const startMs = hourOf(name);
    if (startMs === undefined) throw noStrip();
    return { startMs, endMs: startMs + HOUR_MS };
  }

  /**
   * Makes the strips that are missing of the hours before `nowMs`. Idempotent: the JSON is written last, and an hour that
   * has one is done.
   * @throws as `Ffmpeg.jpeg`
   */
  async make(
    footage: StoredFootage,
    ffmpeg: Ffmpeg,
    of: { readonly camera: string; readonly stream: string },
    nowMs: number,
    signal: AbortSignal,
  ): Promise<void> {
    const { camera, stream } = of;
    const folder = join(this.directory, camera, stream);
    const present = new Set(await namesIn(folder));
    const thisHourMs = Math.floor(nowMs / HOUR_MS) * HOUR_MS;
    for (let back = CATCH_UP_HOURS; back > 0 && !signal.aborted; back -= 1) {
      const startMs = thisHourMs - back * HOUR_MS;
      const name = printHour(startMs);
      if (present.has(`${name}.json`)) continue;
      const range = { camera, stream, startMs, endMs: startMs + HOUR_MS };
      const strip = await planStrip(footage, { ...range, count: PICTURES, width: WIDTH_PX }).catch(
        (error: unknown) => {
          if (error instanceof NightjarError && error.code.startsWith('footage/')) return undefined;
          throw error;
        },
      );
      if (strip === undefined) continue;
      const jpeg = await drawStrip(ffmpeg, strip, signal);
      await mkdir(folder, { recursive: true });
      await replace(join(folder, `${name}.jpg`), jpeg);
      await replace(join(folder, `${name}.json`), Buffer.from(JSON.stringify(printStrip(strip))));
    }
  }

  /** Removes the strips of hours of which no footage is left: they show what retention was to remove. */
  async drop(footage: StoredFootage, signal: AbortSignal): Promise<void> {
    // Footage on a volume that is away is not gone.
    if (footage.away.length > 0) return;
    for (const camera of (await namesIn(this.directory)).filter(isPlainName)) {
      for (const stream of (await namesIn(join(this.directory, camera))).filter(isPlainName)) {
        const folder = join(this.directory, camera, stream);
        for (const name of await namesIn(folder)) {
          if (signal.aborted) return;
          const startMs = hourOf(name);
          if (startMs === undefined) continue;
          const left = await footage.archive.list(camera, stream, startMs, startMs + HOUR_MS);
          if (left.length === 0) await rm(join(folder, name), { force: true });
        }
      }
    }
  }
}

/** What a page needs to show the pictures of a strip. */
export function printStrip({ cells, cellWidth, cellHeight }: ThumbnailStrip): object {
  return {
    cellWidth,
    cellHeight,
    cells: cells.map(({ timeMs, pictureMs, x, y }) => ({
      time: new Date(timeMs).toISOString(),
      picture: new Date(pictureMs).toISOString(),
      x,
      y,
    })),
  };
}

function printHour(ms: number): string {
  return new Date(ms).toISOString().slice(0, 13).replaceAll('-', '');
}

function noStrip(): NightjarError {
  return new NightjarError('not-found', 'footage/no-strip', 'there is no such strip');
}

function hourOf(name: string): number | undefined {
  const [, year, month, day, hour] = FILE.exec(name) ?? [];
  const ms = Date.parse(`${year}-${month}-${day}T${hour}:00:00Z`);
  return Number.isNaN(ms) ? undefined : ms;
}

async function replace(path: string, bytes: Uint8Array): Promise<void> {
  const draft = await open(`${path}.new`, 'w');
  try {
    await draft.writeFile(bytes);
    await draft.sync();
  } finally {
    await draft.close();
  }
  await rename(`${path}.new`, path);
}

async function namesIn(folder: string): Promise<string[]> {
  return await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return [];
    throw error;
  });
}
