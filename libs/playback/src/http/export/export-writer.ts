import { createHash } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ZipFile } from 'yazl';
import type { ExportedStream, ExportFile, ExportOrder } from '@nightjar/catalog';
import { NightjarError } from '@nightjar/common';
import { buildClip, type Clip } from '../clip/clip.js';
import { MAX_RANGE_MS } from '../footage-request.js';
import { TOUCH_MS, type Hole } from '../position.js';
import type { StoredFootage } from '../stored-footage.js';
import { VirtualFile } from '../virtual-file.js';
import {
  explainHoles,
  printTime,
  type Manifest,
  type ManifestFile,
  type ManifestSource,
  type ReasonSpan,
} from './manifest.js';
import { diskError, writeFileFrom } from './written-file.js';

export const MANIFEST_FILE = 'manifest.json';
/** Time between reports of progress, in bytes. */
const REPORT_BYTES = 16 * 2 ** 20;

export interface ExportWriterOptions {
  readonly footage: StoredFootage;
  readonly order: ExportOrder;
  /** Absolute; empty. */
  readonly directory: string;
  readonly requestedMs: number;
  readonly software: string;
  /** Why footage of a stream is missing. */
  reasons(stream: ExportedStream, startMs: number, endMs: number): Promise<readonly ReasonSpan[]>;
  /** Told now and then, 0 to 1. */
  progress(share: number): Promise<void>;
  /** What the files may take together. */
  readonly maxBytes: number;
  readonly signal: AbortSignal;
}

/** A stretch of an order that becomes one file. */
interface Part extends ExportedStream {
  readonly startMs: number;
  readonly endMs: number;
}

/**
 * Writes the files of an export. The same footage gives the same files, whenever and however often it is done.
 * @returns the files that are to be handed out
 * @throws NightjarError 'not-found' when nothing at all is recorded, 'unavailable' when a volume is away, 'exhausted' when
 *   the disk or the share for exports is full, 'cancelled' when the signal aborts
 */
export async function writeExport(options: ExportWriterOptions): Promise<ExportFile[]> {
  const { footage, order } = options;
  if (footage.away.length > 0) throw footage.missing('an export wants every volume');
  const writer = new Writer(options, partsOf(order));
  return await writer.write();
}

/** A file per stream, and per day when the range is longer than a clip may be. */
function partsOf({ streams, startMs, endMs }: ExportOrder): Part[] {
  return streams.flatMap((stream) => {
    const parts: Part[] = [];
    for (let at = startMs; at < endMs; at += MAX_RANGE_MS)
      parts.push({ ...stream, startMs: at, endMs: Math.min(endMs, at + MAX_RANGE_MS) });
    return parts;
  });
}

class Writer {
  private readonly files: ExportFile[] = [];
  private readonly listed: ManifestFile[] = [];
  private totalBytes = 0;
  private unreported = 0;

  constructor(
    private readonly options: ExportWriterOptions,
    private readonly parts: readonly Part[],
  ) {}

  async write(): Promise<ExportFile[]> {
    const { order, directory, software, requestedMs } = this.options;
    for (const [index, part] of this.parts.entries())
      this.listed.push(await this.part(part, index));
    if (this.files.length === 0)
      throw new NightjarError(
        'not-found',
        'footage/not-found',
        'nothing is recorded of these cameras in this range',
      );
    const manifest: Manifest = {
      format: 'nightjar-export',
      version: 1,
      software,
      requestedAt: printTime(requestedMs),
      start: printTime(order.startMs),
      end: printTime(order.endMs),
      files: this.listed,
    };
    const text = Buffer.from(`${JSON.stringify(manifest, undefined, 2)}\n`);
    await writeFile(join(directory, MANIFEST_FILE), text).catch((error: unknown) => {
      throw diskError(error);
    });
    const sha256 = createHash('sha256').update(text).digest('hex');
    this.files.push({ name: MANIFEST_FILE, bytes: text.length, sha256 });
    return order.zip ? await this.zip() : this.files;
  }

  private async part(part: Part, index: number): Promise<ManifestFile> {
    const { directory, footage } = this.options;
    const { camera, stream, startMs, endMs } = part;
    const clip = await this.clip(part);
    const spans = await this.options.reasons({ camera, stream }, startMs, endMs);
    if (clip === undefined) {
      const none = { file: null, bytes: 0, sha256: null, start: null, end: null, sources: [] };
      return { camera, stream, ...none, gaps: explainHoles([{ startMs, endMs }], spans) };
    }
    const name = `${camera}_${stream}_${printTime(clip.startMs).replace(/[-:]/g, '')}.mp4`;
    const sources: ManifestSource[] = [];
    for (const source of clip.sources) {
      this.check();
      sources.push(await sourceOf(footage, source.segment));
    }
    this.claim(clip.file.size);
    let done = 0;
    const file = await writeFileFrom(
      join(directory, name),
      name,
      clip.file.read(),
      async (bytes) => {
        this.check();
        done += bytes;
        await this.report(bytes, (index + done / clip.file.size) / this.parts.length);
      },
    );
    this.files.push(file);
    const { bytes, sha256 } = file;
    return {
      camera,
      stream,
      file: name,
      bytes,
      sha256,
      start: printTime(clip.startMs),
      end: printTime(clip.endMs),
      sources,
      gaps: explainHoles(holesOf(clip, startMs, endMs), spans),
    };
  }

  private async clip({ camera, stream, startMs, endMs }: Part): Promise<Clip | undefined> {
    const { footage, signal } = this.options;
    const request = { camera, stream, startMs, endMs, gaps: 'cut' } as const;
    try {
      return await buildClip(footage, request, { signal });
    } catch (error) {
      if (error instanceof NightjarError && error.kind === 'not-found') return undefined;
      throw error;
    }
  }

  /** All in one archive, which replaces the single films; nothing is compressed, for films are. */
  private async zip(): Promise<ExportFile[]> {
    const { directory, requestedMs, order } = this.options;
    const inside = this.files.map(({ name }) => name);
    this.claim(this.files.reduce((sum, { bytes }) => sum + bytes, 0));
    const zip = new ZipFile();
    const settings = { mtime: new Date(requestedMs), mode: 0o100644, compress: false };
    for (const name of inside) zip.addFile(join(directory, name), name, settings);
    zip.end();
    const name = `export_${printTime(order.startMs).replace(/[-:]/g, '')}.zip`;
    const blocks = zip.outputStream as unknown as AsyncIterable<Uint8Array>;
    const file = await writeFileFrom(join(directory, name), name, blocks, () => this.check());
    for (const film of inside) if (film !== MANIFEST_FILE) await rm(join(directory, film));
    return [file, ...this.files.filter((kept) => kept.name === MANIFEST_FILE)];
  }

  private claim(bytes: number): void {
    this.totalBytes += bytes;
    if (this.totalBytes > this.options.maxBytes) {
      throw new NightjarError(
        'exhausted',
        'footage/exports-full',
        `the export takes more than is left of exports.maxBytes (${this.options.maxBytes} bytes): delete others first, or ask for less`,
      );
    }
  }

  private check(): void {
    if (this.options.signal.aborted)
      throw new NightjarError('cancelled', 'footage/cancelled', 'the export was interrupted');
  }

  private async report(bytes: number, share: number): Promise<void> {
    this.unreported += bytes;
    if (this.unreported < REPORT_BYTES) return;
    this.unreported = 0;
    await this.options.progress(share);
  }
}

/** Reads the whole file, so that the export tells whether it is still what was recorded. */
async function sourceOf(
  footage: StoredFootage,
  segment: Clip['sources'][number]['segment'],
): Promise<ManifestSource> {
  const reader = await footage.archive.open(segment);
  try {
    const bytes = reader.mediaEnd;
    const hash = createHash('sha256');
    const file = new VirtualFile([{ path: footage.path(segment), offset: 0, length: bytes }]);
    for await (const block of file.read()) hash.update(block);
    const sha256 = hash.digest('hex');
    const noted = reader.index?.hash;
    const recorded = noted === undefined ? 'open' : noted === sha256 ? 'match' : 'differ';
    return { volume: segment.volume, path: segment.path, bytes, sha256, recorded };
  } finally {
    await reader.close();
  }
}

function holesOf(
  { startMs: first, endMs: last, holes }: Clip,
  startMs: number,
  endMs: number,
): Hole[] {
  const all = [...holes];
  if (first - startMs > TOUCH_MS) all.unshift({ startMs, endMs: first });
  if (endMs - last > TOUCH_MS) all.push({ startMs: last, endMs });
  return all;
}
