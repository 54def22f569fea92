import { messageDefect } from './defect.js';
import { LIMITS } from './limits.js';
import { cseqOfLines } from './parse-head.js';

const LF = 0x0a;
const CR = 0x0d;

/** Collects the lines of one message head across chunks, within the limits, wherever the chunks are cut. */
export class HeadReader {
  /** Start line and header lines, without line ends. */
  readonly lines: string[] = [];
  private complete = false;
  /** Bytes of the lines that are finished, with their line ends. */
  private finishedBytes = 0;
  private partial: Buffer[] = [];
  private partialBytes = 0;

  /** True once the empty line behind the head was read. */
  get done(): boolean {
    return this.complete;
  }

  /**
   * Reads from `chunk` at `from`; returns the offset behind what was used.
   * @throws NightjarError `exhausted` at the first byte beyond a limit.
   */
  read(chunk: Buffer, from: number): number {
    let at = from;
    while (at < chunk.length && !this.complete) {
      const lineFeed = chunk.indexOf(LF, at);
      const end = lineFeed < 0 ? chunk.length : lineFeed;
      this.checkBytes(this.partialBytes + end - at);
      this.partial.push(chunk.subarray(at, end));
      this.partialBytes += end - at;
      if (lineFeed < 0) return end;
      this.finishLine();
      at = lineFeed + 1;
    }
    return at;
  }

  private finishLine(): void {
    const bytes = this.partial.length === 1 ? this.partial[0]! : Buffer.concat(this.partial);
    this.finishedBytes += bytes.length + 1;
    this.partial = [];
    this.partialBytes = 0;
    const end = bytes.at(-1) === CR ? bytes.length - 1 : bytes.length;
    if (end === 0) {
      this.complete = true;
      return;
    }
    if (this.lines.length > LIMITS.headers) {
      throw this.overflow('rtsp/headers', `more than ${LIMITS.headers} headers`, 400);
    }
    this.lines.push(bytes.toString('utf8', 0, end));
  }

  private checkBytes(lineBytes: number): void {
    const blockRoom = LIMITS.headerBlockBytes - this.finishedBytes;
    if (lineBytes <= Math.min(LIMITS.lineBytes, blockRoom)) return;
    if (blockRoom < LIMITS.lineBytes) {
      throw this.overflow(
        'rtsp/header-block',
        `head longer than ${LIMITS.headerBlockBytes} bytes`,
        400,
      );
    }
    // A start line of that size can only be a request with an endless URI.
    const status = this.lines.length === 0 ? 414 : 400;
    throw this.overflow('rtsp/line', `line longer than ${LIMITS.lineBytes} bytes`, status);
  }

  private overflow(code: `rtsp/${string}`, message: string, status: number): Error {
    return messageDefect('exhausted', code, message, status, cseqOfLines(this.lines));
  }
}
