import { spawn } from 'node:child_process';

export interface ProgramResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly durationMs: number;
}

const DEFAULT_LIMIT_MS = 30_000;

/** Runs a program to its end; one that takes too long is killed and the promise rejects with what it said. */
export function runProgram(
  command: string,
  args: readonly string[],
  {
    limitMs = DEFAULT_LIMIT_MS,
    env = process.env,
  }: { readonly limitMs?: number; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<ProgramResult> {
  return new Promise((resolve, reject) => {
    const startedMs = performance.now();
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    const timer = setTimeout(() => child.kill('SIGKILL'), limitMs);
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    child.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      const durationMs = performance.now() - startedMs;
      const stdout = Buffer.concat(out).toString();
      const stderr = Buffer.concat(err).toString();
      if (signal === 'SIGKILL')
        reject(new Error(`${command} did not end within ${limitMs} ms: ${stderr}`));
      else resolve({ code, signal, stdout, stderr, durationMs });
    });
  });
}
