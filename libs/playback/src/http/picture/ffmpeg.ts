import { spawn } from 'node:child_process';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { messageOf, NightjarError, type Clock } from '@nightjar/common';
import { Turnstile } from '../turnstile.js';
import type { VirtualFile } from '../virtual-file.js';

/** One picture: a GOP of the largest cameras is decoded in far less. */
const TIME_LIMIT_MS = 15_000;
const MAX_OUTPUT_BYTES = 32 * 2 ** 20;
const MAX_COMPLAINT_BYTES = 4_096;
/** How docker, podman and env say that it was not the program that failed: there is none, or no container. */
const NOT_STARTED: readonly number[] = [125, 126, 127];
const AT_ONCE = 2;
const WAITING = 16;

/** Makes JPEGs by the program ffmpeg: a child process per picture, few at a time, which sees nothing but its input. */
export class Ffmpeg {
  private readonly turnstile = new Turnstile(AT_ONCE, WAITING, 'pictures');

  private readonly program: string;
  private readonly before: readonly string[];

  /** @param command name on the PATH, or an absolute path; and what comes before the arguments of ffmpeg itself */
  constructor(
    [program = '', ...before]: readonly string[],
    private readonly clock: Clock,
  ) {
    this.program = program;
    this.before = before;
  }

  /**
   * The first picture that comes out of a filter graph.
   * @param input an MP4 with its `moov` first
   * @param filters for `-vf`; of our own making, never of a user's
   * @throws NightjarError 'unavailable' `footage/no-ffmpeg` when there is no such program, 'exhausted' when too many
   *   wait, 'data-loss' when it makes no picture of the input
   */
  async jpeg(input: VirtualFile, filters: string, signal?: AbortSignal): Promise<Buffer> {
    return await this.turnstile.run(() => this.run(input, filters, signal));
  }

  private async run(
    input: VirtualFile,
    filters: string,
    signal: AbortSignal | undefined,
  ): Promise<Buffer> {
    if (signal?.aborted)
      throw new NightjarError(
        'cancelled',
        'footage/cancelled',
        'the picture is not wanted any more',
      );
    // The input may name other files (dref): only the pipe may be opened.
    const args = ['-hide_banner', '-v', 'error', '-protocol_whitelist', 'pipe', '-threads', '1'];
    args.push('-f', 'mov', '-i', 'pipe:0', '-map', '0:v:0', '-vf', filters, '-frames:v', '1');
    args.push('-f', 'image2pipe', '-c:v', 'mjpeg', '-q:v', '4', 'pipe:1');
    const child = spawn(this.program, [...this.before, ...args], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { PATH: process.env['PATH'], LC_ALL: 'C' },
    });
    const kill = (): void => void child.kill('SIGKILL');
    const timer = this.clock.setTimer(TIME_LIMIT_MS, kill);
    signal?.addEventListener('abort', kill, { once: true });
    let complaint = '';
    child.stderr.on('data', (chunk: Buffer) => {
      if (complaint.length < MAX_COMPLAINT_BYTES) complaint += chunk.toString();
    });
    const output: Buffer[] = [];
    let outputBytes = 0;
    child.stdout.on('data', (chunk: Buffer) => {
      output.push(chunk);
      outputBytes += chunk.length;
      if (outputBytes > MAX_OUTPUT_BYTES) kill();
    });
    const feeding = feed(input, child.stdin);
    try {
      const code = await new Promise<number | null>((resolve, reject) => {
        child.once('error', reject);
        child.once('close', resolve);
      });
      const feedError = await feeding;
      if (code === 0 && outputBytes > 0) return Buffer.concat(output);
      if (this.before.length > 0 && NOT_STARTED.includes(code ?? 0))
        throw this.unavailable(complaint);
      throw new NightjarError('data-loss', 'footage/no-picture', 'no picture could be made', {
        code: code ?? 'killed',
        said: feedError === undefined ? complaint.trim() : messageOf(feedError),
      });
    } catch (error) {
      throw this.translate(error);
    } finally {
      timer.cancel();
      signal?.removeEventListener('abort', kill);
      kill();
    }
  }

  private translate(error: unknown): unknown {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' || code === 'EACCES' ? this.unavailable(code, error) : error;
  }

  private unavailable(reason: string, cause?: unknown): NightjarError {
    const command = [this.program, ...this.before].join(' ');
    return new NightjarError(
      'unavailable',
      'footage/no-ffmpeg',
      `pictures need the program ffmpeg, and "${command}" cannot be run (${reason.trim()}): install ffmpeg where control runs, or set pictures.ffmpeg`,
      {},
      cause,
    );
  }
}

/** @returns the error of reading the input; that ffmpeg takes no more once it has its picture is none */
async function feed(input: VirtualFile, stdin: NodeJS.WritableStream): Promise<unknown> {
  try {
    await pipeline(Readable.from(input.read(), { highWaterMark: 1 }), stdin);
    return undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const full = ['EPIPE', 'ERR_STREAM_PREMATURE_CLOSE', 'ECONNRESET', 'ERR_STREAM_DESTROYED'];
    return full.includes(code ?? '') ? undefined : error;
  }
}
