import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { concurrently } from './concurrently.js';
import { decodingErrors, videoPackets } from './ffmpeg.js';

const FILE_NAME = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)\.(\d{3})Z_([0-9a-f]{12})_(\d{6})\.mp4$/;

/** A recorded file, as its name tells. */
export interface SegmentFile {
  readonly file: string;
  /** Below the volume. */
  readonly path: string;
  readonly run: string;
  readonly sequence: number;
  /** Unix epoch milliseconds. */
  readonly startMs: number;
}

/** A picture in a file. */
export interface RecordedPicture {
  /** Unix epoch milliseconds. */
  readonly wallMs: number;
  readonly endMs: number;
  readonly keyframe: boolean;
  readonly md5: string;
}

/** Files of one camera, by start. A file whose name is not of our form is an error. */
export async function segmentFiles(volume: string, camera: string): Promise<SegmentFile[]> {
  const entries = await readdir(path.join(volume, camera), {
    recursive: true,
    withFileTypes: true,
  }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => {
      const file = path.join(entry.parentPath, entry.name);
      const match = FILE_NAME.exec(entry.name);
      if (match === null) throw new Error(`not the name of a segment: ${file}`);
      const [, year, month, day, hour, minute, second, ms, run, sequence] = match;
      const iso = `${year}-${month}-${day}T${hour}:${minute}:${second}.${ms}Z`;
      return {
        file,
        path: path.relative(volume, file),
        run: run!,
        sequence: Number(sequence),
        startMs: Date.parse(iso),
      };
    })
    .sort((a, b) => a.startMs - b.startMs || a.sequence - b.sequence);
}

/** All pictures of a file. */
async function picturesOf({ file, startMs }: SegmentFile): Promise<RecordedPicture[]> {
  const packets = await videoPackets(file);
  const origin = packets[0]?.seconds ?? 0;
  return packets.map(({ seconds, durationSeconds, keyframe, md5 }) => {
    const wallMs = startMs + (seconds - origin) * 1000;
    return { wallMs, endMs: wallMs + durationSeconds * 1000, keyframe, md5 };
  });
}

/** A file with its pictures. */
export interface Footage extends SegmentFile {
  readonly pictures: readonly RecordedPicture[];
  /** Unix epoch milliseconds. */
  readonly endMs: number;
}

/** Reads all files of a camera. */
export async function footageOf(volume: string, camera: string): Promise<Footage[]> {
  return await concurrently(await segmentFiles(volume, camera), async (segment) => {
    const pictures = await picturesOf(segment);
    return { ...segment, pictures, endMs: pictures.at(-1)?.endMs ?? segment.startMs };
  });
}

/** What ffmpeg has to complain about, by file; empty = all play. */
export async function complaintsAbout(files: readonly SegmentFile[]): Promise<string[]> {
  const complaints = await concurrently(files, async ({ file, path }) => {
    const complaint = await decodingErrors(['-i', file]);
    return complaint === '' ? '' : `${path}: ${complaint}`;
  });
  return complaints.filter((complaint) => complaint !== '');
}
