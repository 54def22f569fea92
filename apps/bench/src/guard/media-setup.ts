import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../ports.js';

/** The media role as it ships. */
export const MEDIA = path.join(
  path.dirname(fileURLToPath(import.meta.url)),
  '../../../media/src/main.js',
);

export interface MediaSetup {
  readonly env: NodeJS.ProcessEnv;
  readonly rtspPort: number;
}

/** Writes a configuration with one camera, for a media role of one process. */
export async function setUpMedia(
  folder: string,
  cameraUrl: string,
  recorded: boolean,
): Promise<MediaSetup> {
  const [rtspPort, operationsPort] = [await freePort(), await freePort()];
  const main = { url: cameraUrl, transport: 'tcp' };
  const config = {
    version: 1,
    dataDir: path.join(folder, 'data'),
    rtsp: { host: '127.0.0.1', port: rtspPort },
    operations: { host: '127.0.0.1', port: operationsPort },
    media: { processes: 1 },
    // No segment ends while something is counted.
    recording: { segment: '1h' },
    cameras: { camera: { streams: { main }, ...(recorded && { record: 'continuous' }) } },
  };
  // In a folder of its own: the process watches it, and a trace beside it would make the process trace itself.
  const configFolder = path.join(folder, 'config');
  await mkdir(configFolder);
  const file = path.join(configFolder, 'nightjar.json');
  await writeFile(file, JSON.stringify(config));
  return {
    env: { ...process.env, NIGHTJAR_CONFIG: file, UV_USE_IO_URING: '0' },
    rtspPort,
  };
}
