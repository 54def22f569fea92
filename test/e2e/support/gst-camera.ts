import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { within } from './eventually.js';
import { SYSTEM_PYTHON } from './gstreamer.js';
import { nextLine, startPython } from './python.js';
import type { Stage } from './stage.js';

const HERE = path.dirname(fileURLToPath(import.meta.url));
const SCRIPT = path.join(HERE, 'gst-camera.py');
const SCRIPTED = path.join(HERE, 'scripted-camera.py');
const START_LIMIT_MS = 15_000;

/** Where a camera made of GStreamer's RTSP server is, and how it sends. */
export interface GstCameraOptions {
  readonly host: string;
  /**
   * `multicast` on a network interface, `srtp` with a certificate and key in one PEM file, `login` as `user:password`, or
   * `only` by `tcp` or `udp`.
   */
  readonly transport: readonly ['multicast' | 'srtp' | 'login' | 'only', string];
  /** Starts it in another network. */
  readonly through?: readonly string[];
}

/** Starts one; it ends with the stage. @returns its host, port and path */
export async function startGstCamera(
  stage: Stage,
  { host, transport, through = [] }: GstCameraOptions,
): Promise<string> {
  const port = await startScript(stage, [...through, SYSTEM_PYTHON, SCRIPT, host, ...transport]);
  return `${host}:${port}/test`;
}

/**
 * One that is many: as many clients as are told shall play what it has.
 * @returns its URL; `most` settles when they do, with how many at most were connected and did not play yet
 */
export async function startGstCrowd(
  stage: Stage,
  clients: number,
): Promise<{ readonly url: string; readonly most: Promise<number> }> {
  const host = '127.0.0.1';
  const child = startPython(stage, 'gst-camera.py', [host, 'crowd', String(clients)]);
  const port = await nextLine(child);
  return { url: `rtsp://${host}:${port}/test`, most: nextLine(child, 30_000).then(Number) };
}

/**
 * A camera that wants a key, `keyed` with certificate and key in one PEM file, or one that sends others on, `redirect` to a
 * URL. It ends with the stage. @returns its host and port
 */
export async function startScriptedCamera(
  stage: Stage,
  kind: 'keyed' | 'redirect',
  argument: string,
): Promise<string> {
  return `127.0.0.1:${await startScript(stage, [SYSTEM_PYTHON, SCRIPTED, kind, argument])}`;
}

/** @returns the port that it prints */
async function startScript(
  stage: Stage,
  [command = '', ...args]: readonly string[],
): Promise<string> {
  const camera = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  stage.defer(async () => {
    if (camera.exitCode !== null || camera.signalCode !== null) return;
    const gone = once(camera, 'close');
    camera.kill();
    await gone;
  });
  const [said] = (await within(
    START_LIMIT_MS,
    'a camera of GStreamer',
    once(camera.stdout, 'data'),
  )) as [Buffer];
  return said.toString().trim();
}
