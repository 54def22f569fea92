import { accessSync, constants, mkdirSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { NightjarError } from '@nightjar/common';
import { listenError } from '@nightjar/supervision';

export interface WantedPort {
  readonly host: string;
  readonly port: number;
  /** What listens there, for the message: `RTSP`. */
  readonly use: string;
  /** How to choose another one: `--listen PORT or rtsp.port`. */
  readonly remedy: string;
}

/** Creates the data directory if need be. Throws NightjarError `appliance/data-dir` when nothing can be written there. */
export function prepareDataDirectory(dataDir: string): void {
  try {
    makeDirectory(dataDir);
    accessSync(dataDir, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    throw new NightjarError(
      'unavailable',
      'appliance/data-dir',
      `The data directory ${dataDir} is not writable (${code}): give this user the right to it, or choose another one with --data DIR or NIGHTJAR_DATA_DIR`,
      {},
      error,
    );
  }
}

/** One level after the other: Node's own recursive form never returns below a file system like /proc, which answers ENOENT. */
function makeDirectory(directory: string): void {
  if (statSync(directory, { throwIfNoEntry: false })?.isDirectory() === true) return;
  const parent = path.dirname(directory);
  if (parent !== directory) makeDirectory(parent);
  mkdirSync(directory);
}

const PATIENCE_MS = 4_000;
const RETRY_MS = 100;

/**
 * Throws NightjarError `appliance/port` naming the first port that cannot be listened on and the key that changes it. `patient`
 * waits for busy ports: after a supervisor was killed its children take a moment to notice and leave.
 */
export async function checkPorts(ports: readonly WantedPort[], patient = false): Promise<void> {
  for (const wanted of ports) {
    const code = await listenErrorAfter(patient ? PATIENCE_MS : 0, wanted);
    if (code === undefined) continue;
    throw new NightjarError(
      code === 'EADDRINUSE' ? 'conflict' : 'unavailable',
      'appliance/port',
      `Port ${wanted.port} on ${wanted.host} for ${wanted.use} ${reasonOf(code)}: choose another one with ${wanted.remedy}`,
      { port: wanted.port },
    );
  }
}

async function listenErrorAfter(
  patienceMs: number,
  { host, port }: WantedPort,
): Promise<string | undefined> {
  for (let waitedMs = 0; ; waitedMs += RETRY_MS) {
    const code = await listenError(host, port);
    if (code !== 'EADDRINUSE' || waitedMs >= patienceMs) return code;
    await wait(RETRY_MS);
  }
}

function reasonOf(code: string): string {
  switch (code) {
    case 'EADDRINUSE':
      return 'is in use by another program';
    case 'EACCES':
      return 'needs rights this user has not';
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return 'cannot be opened because this machine has no such address';
    default:
      return `cannot be opened (${code})`;
  }
}

/** A TCP port of the loopback interface that was free a moment ago. */
export function freeLoopbackPort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ host: '127.0.0.1', port: 0 }, () => {
      const address = server.address();
      server.close(() => {
        if (typeof address === 'object' && address !== null) resolve(address.port);
        else
          reject(
            new NightjarError('internal', 'appliance/free-port', 'a TCP server without a port'),
          );
      });
    });
  });
}
