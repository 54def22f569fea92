import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { messageOf, NightjarError, type ErrorKind } from '@nightjar/common';
import { Registry } from 'prom-client';
import { aggregate } from './aggregate.js';
import type { OperationsSource } from './operations-source.js';

const MAX_CONNECTIONS = 64;
const MAX_HEADER_BYTES = 8 * 1024;
const REQUEST_TIMEOUT_MS = 10_000;

interface Page {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

/**
 * `GET /metrics`, and for probes `/healthz` (the event loop of this process turns), `/startupz` (it has started) and
 * `/readyz` (every source does its work).
 */
export class OperationsServer {
  private readonly server: Server;

  constructor(
    private readonly options: {
      readonly host: string;
      /** 0 lets the system choose; see {@link OperationsServer.port}. */
      readonly port: number;
      readonly sources: readonly OperationsSource[];
      /** Whether starting is over; absent: it is. */
      readonly started?: () => boolean;
    },
  ) {
    this.server = createServer(
      { maxHeaderSize: MAX_HEADER_BYTES, requestTimeout: REQUEST_TIMEOUT_MS },
      (request, response) => void this.answer(request, response),
    );
    this.server.maxConnections = MAX_CONNECTIONS;
  }

  /** Throws NightjarError: `conflict` when the port is in use, `forbidden` or `invalid` when it may not or cannot be bound. */
  start(): Promise<void> {
    const { host, port } = this.options;
    return new Promise((resolve, reject) => {
      const onError = (error: NodeJS.ErrnoException): void => reject(bindError(error, host, port));
      this.server.once('error', onError);
      this.server.listen(port, host, () => {
        this.server.off('error', onError);
        resolve();
      });
    });
  }

  /** Ends open connections too. */
  stop(): Promise<void> {
    return new Promise((resolve) => {
      this.server.close(() => resolve());
      this.server.closeAllConnections();
    });
  }

  /** The port in use, once started. */
  get port(): number {
    const address = this.server.address();
    return typeof address === 'object' && address !== null ? address.port : this.options.port;
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    request.resume();
    const page = await this.pageFor(request).catch((error: unknown) =>
      json(500, { error: messageOf(error) }),
    );
    response.writeHead(page.status, {
      'Content-Type': page.type,
      'Content-Length': Buffer.byteLength(page.body),
      'Cache-Control': 'no-store',
      ...(page.status === 405 ? { Allow: 'GET, HEAD' } : {}),
    });
    response.end(request.method === 'HEAD' ? undefined : page.body);
  }

  private async pageFor(request: IncomingMessage): Promise<Page> {
    const [path = ''] = (request.url ?? '').split('?');
    const page = this.pages.get(path);
    if (page === undefined)
      return json(404, { error: 'try /metrics, /healthz, /startupz or /readyz' });
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return json(405, { error: 'only GET and HEAD' });
    }
    return page();
  }

  private readonly pages: ReadonlyMap<string, () => Promise<Page>> = new Map([
    ['/metrics', () => this.metricsPage()],
    ['/healthz', async () => json(200, { status: 'ok' })],
    [
      '/startupz',
      async () =>
        this.options.started?.() === false
          ? json(503, { status: 'starting' })
          : json(200, { status: 'started' }),
    ],
    ['/readyz', () => this.readyPage()],
  ]);

  private async metricsPage(): Promise<Page> {
    const answers = await Promise.allSettled(
      this.options.sources.map((source) => source.metrics()),
    );
    // A source that cannot answer is told by /readyz and by its missing series.
    const perRole = answers.flatMap((answer, index) =>
      answer.status === 'fulfilled'
        ? [{ role: this.options.sources[index]?.role ?? '', metrics: answer.value }]
        : [],
    );
    const type = Registry.PROMETHEUS_CONTENT_TYPE;
    return { status: 200, type, body: await aggregate(perRole) };
  }

  private async readyPage(): Promise<Page> {
    const answers = await Promise.all(
      this.options.sources.map(async (source) => {
        const { ready, reasons } = await source
          .ready()
          .catch((error: unknown) => ({ ready: false, reasons: [messageOf(error)] }));
        const said = ready || reasons.length > 0 ? reasons : ['not ready'];
        return { ready, reasons: said.map((reason) => `${source.role}: ${reason}`) };
      }),
    );
    const ready = answers.every((answer) => answer.ready);
    const reasons = answers.flatMap((answer) => answer.reasons);
    return json(ready ? 200 : 503, { ready, reasons });
  }
}

function json(status: number, body: object): Page {
  return { status, type: 'application/json; charset=utf-8', body: `${JSON.stringify(body)}\n` };
}

function bindError(error: NodeJS.ErrnoException, host: string, port: number): NightjarError {
  const failure = (kind: ErrorKind, code: `operations/${string}`, message: string): NightjarError =>
    new NightjarError(kind, code, message, { host, port }, error);
  if (error.code === 'EADDRINUSE') {
    return failure(
      'conflict',
      'operations/port-in-use',
      `port ${port} on ${host} is in use: end the program that uses it or set operations.port to a free one`,
    );
  }
  if (error.code === 'EACCES') {
    return failure(
      'forbidden',
      'operations/port-refused',
      `not allowed to use port ${port}: set operations.port to one above 1023`,
    );
  }
  if (error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND') {
    return failure(
      'invalid',
      'operations/no-such-address',
      `${host} is not an address of this machine: correct operations.host`,
    );
  }
  return failure('unavailable', 'operations/bind', messageOf(error));
}
