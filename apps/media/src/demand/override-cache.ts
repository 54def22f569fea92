import { mkdir, open, readFile, rename } from 'node:fs/promises';
import path from 'node:path';
import type { RecordingOverride } from '@nightjar/catalog';

const ACTIONS: readonly unknown[] = [
  'record',
  'stop',
  'no-room',
  'privacy',
] satisfies RecordingOverride['action'][];

/** The overrides that were heard last, on the disk: privacy holds after a restart too, whether the database is there or not. */
export class OverrideCache {
  constructor(private readonly file: string) {}

  /** @returns undefined when there is no file yet. @throws the error of the file system, or SyntaxError for what it does not understand */
  async load(): Promise<RecordingOverride[] | undefined> {
    let text: string;
    try {
      text = await readFile(this.file, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
    const { overrides } = JSON.parse(text) as { overrides?: unknown };
    if (!Array.isArray(overrides) || !overrides.every(isOverride))
      throw new SyntaxError('not a list of overrides');
    return overrides;
  }

  /** Durable when it resolves. @throws the error of the file system; what was there before is then still there */
  async save(overrides: readonly RecordingOverride[]): Promise<void> {
    const folder = path.dirname(this.file);
    await mkdir(folder, { recursive: true });
    const draft = await open(`${this.file}.new`, 'w');
    try {
      await draft.writeFile(`${JSON.stringify({ overrides }, undefined, 2)}\n`);
      await draft.sync();
    } finally {
      await draft.close();
    }
    await rename(`${this.file}.new`, this.file);
    const directory = await open(folder, 'r');
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  }
}

function isOverride(value: unknown): value is RecordingOverride {
  const { camera, stream, action, untilMs } = (value ?? {}) as Record<string, unknown>;
  return (
    typeof camera === 'string' &&
    ['string', 'undefined'].includes(typeof stream) &&
    ['number', 'undefined'].includes(typeof untilMs) &&
    ACTIONS.includes(action)
  );
}
