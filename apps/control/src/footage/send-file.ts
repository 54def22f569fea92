import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { messageOf, NightjarError } from '@nightjar/common';
import { metrics, type Logger } from '@nightjar/monitoring';
import { byteRange, type VirtualFile } from '@nightjar/playback';

/** Answers that are sent at the same time; each has at most one file open. */
const MAX_ANSWERS = 128;
/** A client that takes nothing for so long is dropped. */
const STALL_MS = 60_000;

export interface SentFile {
  readonly file: VirtualFile;
  /** With its quotes. */
  readonly etag?: string;
  readonly type: string;
  /** Name under which a browser would save it. */
  readonly name?: string;
  /** For metrics: one of a few. */
  readonly kind: 'clip' | 'segment' | 'export';
  readonly maxAgeSeconds?: number;
}

/** Sends files by HTTP: HEAD, ranges and validators of RFC 9110, at the pace of the client. */
export class FileSender {
  private answers = 0;

  constructor(private readonly logger: Logger) {}

  /**
   * Resolves when the answer has been sent, or the connection is gone.
   * @throws NightjarError 'exhausted' when too many are served, before anything is sent
   */
  async send(request: IncomingMessage, response: ServerResponse, sent: SentFile): Promise<void> {
    if (this.answers >= MAX_ANSWERS)
      throw new NightjarError('exhausted', 'footage/busy', 'too many downloads; try again');
    const range = head(request, response, sent);
    if (range === undefined) {
      response.end();
      return;
    }
    this.answers += 1;
    try {
      await this.stream(response, sent, range);
    } finally {
      this.answers -= 1;
    }
  }

  private async stream(
    response: ServerResponse,
    { file, kind }: SentFile,
    { start, end }: { readonly start: number; readonly end: number },
  ): Promise<void> {
    response.setTimeout(STALL_MS, () => response.destroy());
    let bytes = 0;
    let failure: unknown;
    const counted = async function* (): AsyncGenerator<Uint8Array> {
      const blocks = file.read(start, end);
      try {
        for (;;) {
          const next = await blocks.next().catch((error: unknown) => {
            failure = error;
            throw error;
          });
          if (next.done === true) return;
          bytes += next.value.length;
          yield next.value;
        }
      } finally {
        await blocks.return(undefined);
      }
    };
    let result = 'whole';
    try {
      await pipeline(Readable.from(counted(), { highWaterMark: 1 }), response);
    } catch {
      // The status is out: ending the connection is how a client learns that bytes are missing.
      result = failure === undefined ? 'given-up' : 'cut';
      if (failure !== undefined)
        this.logger.warn({ kind, err: messageOf(failure) }, 'footage ended while it was served');
      response.destroy();
    }
    metrics.footageRequests.inc({ kind, result });
    metrics.footageBytes.inc({ kind }, bytes);
  }
}

/** Writes status and headers. Undefined: the answer has no body. */
function head(
  request: IncomingMessage,
  response: ServerResponse,
  { file, etag, type, name, maxAgeSeconds }: SentFile,
): { readonly start: number; readonly end: number } | undefined {
  const { headers, method } = request;
  response.setHeader('Accept-Ranges', 'bytes');
  response.setHeader('X-Content-Type-Options', 'nosniff');
  response.setHeader(
    'Cache-Control',
    maxAgeSeconds === undefined ? 'private, no-cache' : `private, max-age=${maxAgeSeconds}`,
  );
  if (etag !== undefined) response.setHeader('ETag', etag);
  if (etag !== undefined && listed(headers['if-none-match'], etag)) {
    response.statusCode = 304;
    return undefined;
  }
  const stillSame = headers['if-range'] === undefined || headers['if-range'] === etag;
  const range = byteRange(stillSame ? headers.range : undefined, file.size);
  if (range === 'unsatisfiable') {
    response.statusCode = 416;
    response.setHeader('Content-Range', `bytes */${file.size}`);
    return undefined;
  }
  const { start, end } = range === 'whole' ? { start: 0, end: file.size } : range;
  response.statusCode = range === 'whole' ? 200 : 206;
  if (range !== 'whole')
    response.setHeader('Content-Range', `bytes ${start}-${end - 1}/${file.size}`);
  response.setHeader('Content-Type', type);
  response.setHeader('Content-Length', end - start);
  if (name !== undefined) response.setHeader('Content-Disposition', `inline; filename="${name}"`);
  return method === 'HEAD' ? undefined : { start, end };
}

/** If-None-Match compares weakly, RFC 9110 s.13.1.2. */
function listed(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  return (
    header.split(',', 64).some((one) => one.trim().replace(/^W\//, '') === etag) ||
    header.trim() === '*'
  );
}
