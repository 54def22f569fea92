import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Bench } from './bench.js';
import { freePort } from './ports.js';
import type { Program } from './program.js';
import { eventually, pause } from './scrape.js';

const MODULE = fileURLToPath(new URL('../../appliance/src/main.js', import.meta.url));
/** Making the database takes most of a first start. */
const START_LIMIT_MS = 60_000;
/** What start-up leaves to do, collecting its garbage above all, is done after this. */
const SETTLE_MS = 4_000;

/** The whole recorder as it ships: every role, and its own PostgreSQL. */
export interface Appliance {
  readonly program: Program;
  readonly rtspPort: number;
  readonly apiUrl: string;
  readonly operationsUrl: string;
}

/** Starts it, and waits until all its roles are ready. @param name of its data folder: one that was used before is used on */
export async function startAppliance(
  bench: Bench,
  name: string,
  cameras: object,
  config: object = {},
): Promise<Appliance> {
  const [rtsp, http, operations] = [await freePort(), await freePort(), await freePort()];
  const at = (port: number): object => ({ host: '127.0.0.1', port });
  const file = path.join(bench.folder, `${name}.json`);
  const settings = { version: 1, rtsp: at(rtsp), http: at(http), operations: at(operations) };
  await writeFile(file, JSON.stringify({ ...settings, cameras, ...config }));
  const program = bench.fork('subject', 'appliance', MODULE, [], {
    NIGHTJAR_CONFIG: file,
    NIGHTJAR_DATA_DIR: path.join(bench.folder, `${name}-data`),
  });
  const operationsUrl = `http://127.0.0.1:${operations}`;
  await eventually('the appliance ready', START_LIMIT_MS, async () => {
    if (!program.running) throw new Error('the appliance ended');
    const response = await fetch(`${operationsUrl}/readyz`).catch(() => undefined);
    return response?.status === 200 ? true : undefined;
  });
  await pause(SETTLE_MS);
  return { program, rtspPort: rtsp, apiUrl: `http://127.0.0.1:${http}`, operationsUrl };
}
