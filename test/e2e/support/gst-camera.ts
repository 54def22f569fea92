import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { within } from './eventually.js';
import { SYSTEM_PYTHON } from './gstreamer.js';
import type { Stage } from './stage.js';

const SCRIPT = path.join(path.dirname(fileURLToPath(import.meta.url)), 'gst-camera.py');
const START_LIMIT_MS = 15_000;

/** Where a camera made of GStreamer's RTSP server is, and how it sends. */
export interface GstCameraOptions {
  readonly host: string;
  /** `multicast` on a network interface, `srtp` with a certificate and key in one PEM file, or `login` as `user:password`. */
  readonly transport: readonly ['multicast' | 'srtp' | 'login', string];
  /** Starts it in another network. */
  readonly through?: readonly string[];
}

/** Starts one; it ends with the stage. @returns its host, port and path */
export async function startGstCamera(
  stage: Stage,
  { host, transport, through = [] }: GstCameraOptions,
): Promise<string> {
  const [command, ...args] = [...through, SYSTEM_PYTHON, SCRIPT, host, ...transport];
  const camera = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  stage.defer(async () => {
    const gone = once(camera, 'close');
    camera.kill();
    await gone;
  });
  const [said] = (await within(
    START_LIMIT_MS,
    'a camera of GStreamer',
    once(camera.stdout, 'data'),
  )) as [Buffer];
  return `${host}:${said.toString().trim()}/test`;
}
