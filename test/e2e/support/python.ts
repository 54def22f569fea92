import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { within } from './eventually.js';
import { SYSTEM_PYTHON } from './gstreamer.js';
import type { Stage } from './open-stage.js';

/** A Python program beside this one, until the stage ends. */
export function startPython(stage: Stage, script: string, args: readonly string[]): ChildProcess {
  const file = path.join(import.meta.dirname, script);
  const child = spawn(SYSTEM_PYTHON, [file, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const closed = once(child, 'close');
  stage.defer(async () => {
    child.kill('SIGKILL');
    await closed;
  });
  return child;
}

export async function firstLine(child: ChildProcess, withinMs = 15_000): Promise<string> {
  const first = within(withinMs, 'the first line', once(child.stdout!, 'data'));
  const [chunk] = (await first) as [Buffer];
  return chunk.toString().trim();
}
