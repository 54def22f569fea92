import { createHash } from 'node:crypto';
import { open, unlink } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { messageOf, NightjarError } from '@nightjar/common';
import {
  encodeSegmentIndex,
  readSegmentFront,
  readSegmentIndex,
  surveySegment,
} from '@nightjar/containers';
import type { SegmentIndex } from '@nightjar/containers';
import { FileSource, syncDirectory } from './durable-files.js';
import type { Journal, JournalSink } from '../journal/journal.js';
import type { RecordOf } from '../journal/journal-records.js';
import type { RecordingLog } from '../ports.js';
import type { Volume } from '../volumes/volume.js';

/** Bytes hashed at once. */
const HASH_CHUNK_BYTES = 1024 * 1024;

/** A run that a crash ended. */
export interface InterruptedRun {
  readonly camera: string;
  readonly stream: string;
  readonly run: string;
  readonly endedAtMs: number;
}

export interface RecoveryReport {
  /** Paths of segments that were cut, indexed and kept. */
  readonly recovered: readonly string[];
  /** Paths of segments that held no whole fragment. */
  readonly removed: readonly string[];
  /** Paths that could not be looked at; they stay open in the journal. */
  readonly failed: readonly string[];
  readonly interrupted: readonly InterruptedRun[];
}

/**
 * Finishes what a crash left open on a volume, as told by its journal. Idempotent: a crash during recovery is repaired by
 * the next one. Must run before anything records on the volume.
 * @param mine only these runs; the others may be being written
 */
export async function recoverVolume(
  volume: Volume,
  journal: Journal,
  log: RecordingLog,
  mine: (run: string) => boolean = () => true,
): Promise<RecoveryReport> {
  const recovered: string[] = [];
  const removed: string[] = [];
  const failed: string[] = [];
  for (const opened of journal.openSegments.filter(({ run }) => mine(run))) {
    try {
      const kept = await finishSegment(volume, journal, opened);
      (kept ? recovered : removed).push(opened.path);
      log.info({ segment: opened.path, kept }, 'recovered a segment that was left open');
    } catch (error) {
      failed.push(opened.path);
      log.error(
        { segment: opened.path, err: { message: messageOf(error) } },
        'a segment left open cannot be recovered',
      );
    }
  }
  const interrupted: InterruptedRun[] = [];
  const unfinished = new Set(
    journal.openSegments.filter(({ path }) => failed.includes(path)).map(({ run }) => run),
  );
  for (const { record, endMs } of journal.openRuns) {
    const { run, camera, stream } = record;
    if (!mine(run)) continue;
    const endedAtMs = endMs ?? record.startedAtMs;
    // A run that came to nothing interrupts nothing: the account goes on behind what was said before it.
    if (endMs !== undefined || unfinished.has(run))
      interrupted.push({ run, camera, stream, endedAtMs });
    if (unfinished.has(run)) continue;
    await journal.append({ type: 'run-ended', run, camera, stream, endedAtMs, reason: 'crash' });
  }
  return { recovered, removed, failed, interrupted };
}

/**
 * Cuts a segment at its last whole fragment, appends the index and tells the journal; removes it when there is none.
 * @returns whether the file was kept
 */
export async function finishSegment(
  volume: Volume,
  journal: JournalSink,
  opened: RecordOf<'segment-opened'>,
): Promise<boolean> {
  const path = volume.resolve(opened.path);
  let file: FileHandle;
  try {
    file = await open(path, 'r+');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
  try {
    const source = await FileSource.over(file);
    const front = await readSegmentFront(source).catch((error: unknown) => {
      // A torn front has no footage behind it: front and first fragment are one write.
      if (error instanceof NightjarError && error.kind === 'protocol') return undefined;
      throw error;
    });
    const media = front && (await surveySegment(source, front));
    if (front === undefined || media === undefined || media.summary.fragments === 0) {
      await unlink(path);
      await syncDirectory(dirname(path));
      return false;
    }
    const { header } = front;
    let index = await usableIndex(source, media.end);
    const recovered = index === undefined;
    if (index === undefined) {
      const { durationTicks, fragments, samples, keyframes } = media.summary;
      const endMs = header.startMs + (durationTicks / (header.tracks[0]?.clockRateHz ?? 1)) * 1000;
      const hash = await hashFile(file, media.end);
      index = { version: 1, endMs, durationTicks, fragments, samples, keyframes, hash };
      await file.truncate(media.end);
      await file.write(encodeSegmentIndex(index), 0, undefined, media.end);
    }
    await file.sync();
    const { camera, stream, run, sequence, startMs } = header;
    await journal.append({
      type: 'segment-closed',
      path: opened.path,
      run,
      sequence,
      camera,
      stream,
      volumeId: volume.id,
      startMs,
      endMs: index.endMs,
      bytes: (await file.stat()).size,
      keyframes: index.keyframes.length,
      hash: index.hash,
      previousHash: header.previousHash,
      recovered,
      codecs: header.tracks.map((track) => track.codec),
    });
    return true;
  } finally {
    await file.close();
  }
}

/** The index that stands right behind the media: the crash came after it was written and before the journal knew. */
async function usableIndex(
  source: FileSource,
  mediaEnd: number,
): Promise<SegmentIndex | undefined> {
  try {
    const found = await readSegmentIndex(source);
    return found?.offset === mediaEnd ? found.index : undefined;
  } catch (error) {
    if (error instanceof NightjarError && error.kind === 'protocol') return undefined;
    throw error;
  }
}

/**
 * SHA-256 of the first bytes of a file, hexadecimal.
 * @param before is awaited before each read of so many bytes: to go slowly, or to stop by throwing
 */
export async function hashFile(
  file: FileHandle,
  length: number,
  before?: (bytes: number) => Promise<void>,
): Promise<string> {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(HASH_CHUNK_BYTES);
  for (let at = 0; at < length;) {
    const wanted = Math.min(buffer.length, length - at);
    await before?.(wanted);
    const { bytesRead } = await file.read(buffer, 0, wanted, at);
    if (bytesRead === 0)
      throw new NightjarError('data-loss', 'recording/short-read', 'the file shrank while read');
    hash.update(buffer.subarray(0, bytesRead));
    at += bytesRead;
  }
  return hash.digest('hex');
}
