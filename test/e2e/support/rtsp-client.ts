import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import {
  ClientAuthorizer,
  parseChallenges,
  parseSession,
  printRequest,
  RtspHeaders,
  RTSP_1_0,
  RtspStreamParser,
  type RtspRequest,
  type RtspResponse,
  type RtspVersion,
} from '@nightjar/rtsp';
import { within } from './eventually.js';

const ANSWER_LIMIT_MS = 10_000;

interface Waiting {
  readonly resolve: (response: RtspResponse) => void;
  readonly reject: (error: Error) => void;
}

/** One RTSP connection that asks what a test wants asked, and hears everything that comes. */
export class RtspClient {
  /** URL without login. */
  readonly url: string;
  /** Settles when the server closed the connection. */
  readonly closed: Promise<unknown>;
  /** Called for each interleaved frame; a view that is valid until it returns. */
  onFrame: (channel: number, packet: Buffer) => void = () => undefined;
  isClosed = false;
  /** Version of its requests. */
  version: RtspVersion = RTSP_1_0;
  /** What the server asked. */
  readonly requests: RtspRequest[] = [];
  private cseq = 0;
  private session: string | undefined;
  private readonly authorizer: ClientAuthorizer;
  private readonly waiting: Waiting[] = [];
  private readonly parser = new RtspStreamParser({
    message: (message) => {
      if (message.kind === 'response') this.waiting.shift()?.resolve(message);
      else this.requests.push(message);
    },
    interleaved: (channel, buf, offset, length) =>
      this.onFrame(channel, buf.subarray(offset, offset + length)),
  });

  private constructor(
    private readonly socket: Socket,
    url: URL,
  ) {
    this.authorizer = new ClientAuthorizer({ username: url.username, password: url.password });
    this.url = `rtsp://${url.host}${url.pathname}${url.search}`;
    socket.on('data', (chunk: Buffer) => this.parser.push(chunk));
    socket.on('error', () => undefined);
    this.closed = once(socket, 'close').then(() => {
      this.isClosed = true;
      for (const { reject } of this.waiting.splice(0))
        reject(new Error('closed without an answer'));
    });
  }

  /**
   * @param url may hold a login
   * @param localAddress to come from
   */
  static async connect(url: string, localAddress?: string): Promise<RtspClient> {
    const parsed = new URL(url);
    const socket = connect({
      host: parsed.hostname,
      port: Number(parsed.port),
      ...(localAddress === undefined ? {} : { localAddress }),
    });
    await once(socket, 'connect');
    return new RtspClient(socket, parsed);
  }

  /**
   * One request and its answer, with a login when that is asked for.
   * @param answered runs before anything that stands behind the answer is looked at
   */
  async ask(
    method: string,
    uri: string,
    headers: Readonly<Record<string, string>> = {},
    answered: (response: RtspResponse) => void = () => undefined,
  ): Promise<RtspResponse> {
    const first = await this.askOnce(method, uri, headers, answered);
    const challenges = parseChallenges(first.headers.getAll('WWW-Authenticate'));
    if (first.status !== 401 || !this.authorizer.challenged(challenges)) return first;
    return await this.askOnce(method, uri, headers, answered);
  }

  /** Writes bytes as they are; the next answer is the result. */
  async askRaw(bytes: string | Buffer): Promise<RtspResponse> {
    const answer = this.nextAnswer();
    this.socket.write(bytes);
    return await within(ANSWER_LIMIT_MS, 'an RTSP answer', answer);
  }

  /** From here on nothing is read, as by a player that hangs. */
  stopReading(): void {
    this.socket.pause();
  }

  close(): void {
    this.socket.destroy();
  }

  private async askOnce(
    method: string,
    uri: string,
    headers: Readonly<Record<string, string>>,
    answered: (response: RtspResponse) => void,
  ): Promise<RtspResponse> {
    const all = RtspHeaders.from({ CSeq: String(++this.cseq), ...headers });
    const authorization = this.authorizer.authorization(method, uri);
    if (authorization !== undefined) all.set('Authorization', authorization);
    if (this.session !== undefined && !all.has('Session')) all.set('Session', this.session);
    const answer = this.nextAnswer((response) => {
      const session = response.headers.get('Session');
      if (session !== undefined) this.session = parseSession(session).id;
      answered(response);
    });
    this.socket.write(
      printRequest({ method, uri, headers: all, body: Buffer.alloc(0) }, this.version),
    );
    return await within(ANSWER_LIMIT_MS, `the answer to ${method}`, answer);
  }

  private nextAnswer(
    answered: (response: RtspResponse) => void = () => undefined,
  ): Promise<RtspResponse> {
    return new Promise((resolve, reject) => {
      const whenAnswered = (response: RtspResponse): void => {
        answered(response);
        resolve(response);
      };
      this.waiting.push({ resolve: whenAnswered, reject });
    });
  }
}
