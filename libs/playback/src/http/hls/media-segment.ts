import { childBoxes, findBox, readBoxAt } from '@nightjar/containers';
import { FileSource, SegmentReader } from '@nightjar/recording';
import { VirtualFile, type Piece } from '../virtual-file.js';

/** A segment file, and the wall time of the media in it. */
export interface MediaSegment {
  readonly file: VirtualFile;
  readonly startMs: number;
  readonly endMs: number;
}

/**
 * A segment file whose decode times begin at `positionMs` instead of 0, so that files that follow each other play without
 * a seam. It has the size of the file, and the same bytes but for the 8 of each `tfdt`.
 * @throws NightjarError 'data-loss' when it is not a segment, or the error of the file system when it is gone
 */
export async function mediaSegment(path: string, positionMs: number): Promise<MediaSegment> {
  const reader = await SegmentReader.open(path);
  const source = await FileSource.open(path).catch(async (error: unknown) => {
    await reader.close();
    throw error;
  });
  try {
    const rates = reader.header.tracks.map(({ clockRateHz }) => clockRateHz);
    const pieces: Piece[] = [];
    let at = 0;
    for await (const { offset } of reader.fragmentsFrom(-Infinity)) {
      const box = await readBoxAt(source, offset);
      if (box === undefined) break;
      const moof = Buffer.from(await source.read(offset, box.end - offset));
      moveTimes(moof, rates, positionMs);
      if (offset > at) pieces.push({ path, offset: at, length: offset - at });
      pieces.push({ bytes: moof });
      at = box.end;
    }
    // What comes behind the media that are whole now is not served: it may still change.
    const end = reader.mediaEnd;
    if (end > at) pieces.push({ path, offset: at, length: end - at });
    const { startMs, endMs } = reader;
    return { file: new VirtualFile(pieces), startMs, endMs };
  } finally {
    await source.close();
    await reader.close();
  }
}

/** Adds to each `tfdt` (version 1) of a `moof`. */
function moveTimes(bytes: Buffer, rates: readonly number[], positionMs: number): void {
  const moof = findBox(bytes, 'moof');
  if (moof === undefined) return;
  for (const traf of childBoxes(bytes, moof.bodyStart, moof.end)) {
    if (traf.type !== 'traf') continue;
    const tfhd = findBox(bytes, 'tfhd', traf.bodyStart, traf.end);
    const tfdt = findBox(bytes, 'tfdt', traf.bodyStart, traf.end);
    if (tfhd === undefined || tfdt === undefined) continue;
    const rate = rates[bytes.readUInt32BE(tfhd.bodyStart + 4) - 1] ?? 1;
    const at = tfdt.bodyStart + 4;
    const ticks = Number(bytes.readBigUInt64BE(at)) + Math.round((positionMs / 1000) * rate);
    bytes.writeBigUInt64BE(BigInt(ticks), at);
  }
}
