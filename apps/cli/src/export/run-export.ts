import { rm } from 'node:fs/promises';
import { basename } from 'node:path';
import { NightjarError } from '@nightjar/common';
import { buildClip, checkRequest, StoredFootage, writeFileFrom } from '@nightjar/playback';
import { readConfig, requireCamera } from '../open-archive.js';

export interface ExportCommand {
  readonly camera: string;
  readonly stream: string | undefined;
  readonly startMs: number;
  readonly endMs: number;
  readonly output: string;
  readonly gaps: 'cut' | 'keep';
  readonly configFile: string | undefined;
  readonly json: boolean;
  readonly out: (line: string) => void;
}

/**
 * Writes the clip; what goes wrong leaves no file.
 * @throws NightjarError for what the operator can mend
 */
export async function runExport(command: ExportCommand): Promise<number> {
  const { camera, startMs, endMs, gaps, output, json, out } = command;
  const config = await readConfig(command.configFile);
  const stream = command.stream ?? config.cameras[camera]?.record[0]?.stream ?? 'main';
  const request = { camera, stream, startMs, endMs, gaps };
  checkRequest(request);
  await requireCamera(config, camera);
  const footage = await StoredFootage.open(config.volumes);
  const clip = await buildClip(footage, request);
  const file = await write(output, clip.file.read());
  const time = (ms: number): string => new Date(ms).toISOString();
  const holes = clip.holes.map((hole) => ({ start: time(hole.startMs), end: time(hole.endMs) }));
  const { volumesAway: away } = clip;
  if (json) {
    const { bytes, sha256 } = file;
    const start = time(clip.startMs);
    const result = { file: output, camera, stream, start, end: time(clip.endMs), bytes, sha256 };
    out(JSON.stringify({ ...result, gaps: holes, volumesAway: away }));
  } else {
    out(`${output}: ${time(clip.startMs)} to ${time(clip.endMs)}, ${file.bytes} bytes`);
    out(`sha256 ${file.sha256}`);
    for (const { start, end } of holes) out(`nothing was recorded from ${start} to ${end}`);
    for (const name of away) out(`volume ${name} is away: footage on it is not in the file`);
  }
  return 0;
}

async function write(output: string, blocks: AsyncIterable<Uint8Array>) {
  try {
    return await writeFileFrom(output, basename(output), blocks, () => undefined);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST')
      throw new NightjarError('conflict', 'export/exists', `${output} exists already`);
    await rm(output, { force: true });
    if (error instanceof NightjarError || code === undefined) throw error;
    throw new NightjarError('unavailable', 'export/file', `${output}: ${code}`, {}, error);
  }
}
