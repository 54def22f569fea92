import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
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

const printed = new WeakMap<ChildProcess, AsyncIterator<string>>();

/** The next line that a program prints, whole, in however many pieces it comes. */
export async function nextLine(child: ChildProcess, withinMs = 15_000): Promise<string> {
  let lines = printed.get(child);
  if (lines === undefined) {
    lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
    printed.set(child, lines);
  }
  const { value, done } = await within(withinMs, 'the next line', lines.next());
  if (done === true) throw new Error('the program ended before the next line');
  return value.trim();
}
