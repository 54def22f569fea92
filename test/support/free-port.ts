import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** Below those that the kernel gives to connections; each Jest worker has a stretch of its own. */
const FIRST_PORT = 10_000;
const PORTS_PER_WORKER = 2_000;
const MAX_WORKERS = 11;

const given = new Set<number>();

/** A TCP port of the loopback interface that is free, and that nobody was given before in this test file. */
export async function freePort(): Promise<number> {
  const worker = Number(process.env['JEST_WORKER_ID'] ?? 1) % MAX_WORKERS;
  for (;;) {
    const port = FIRST_PORT + worker * PORTS_PER_WORKER + randomInt(PORTS_PER_WORKER);
    if (given.has(port) || !(await isFree(port))) continue;
    given.add(port);
    return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  const bound = await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => resolve(true));
  });
  if (bound) await new Promise((resolve) => server.close(resolve));
  return bound;
}
