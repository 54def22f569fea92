import { request as httpRequest, type IncomingMessage } from 'node:http';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import {
  hostOfUrl,
  messageOf,
  NightjarError,
  splitZone,
  withZone,
  type Clock,
} from '@nightjar/common';
import { distrustOf, trustOptions, type CameraTrust } from '@nightjar/relay';

/** Code of an error that says which certificate was shown. */
export const UNTRUSTED = 'discovery/untrusted';

export interface HttpQuestion {
  readonly url: string;
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  /** For everything, from connecting to the last byte. */
  readonly timeoutMs: number;
  /** Gives up when it aborts. */
  readonly signal?: AbortSignal | undefined;
  /** More than this is an error. */
  readonly maxBytes: number;
}

export interface HttpAnswer {
  readonly status: number;
  /** Values of `WWW-Authenticate`, each header by itself. */
  readonly challenges: readonly string[];
  readonly contentType: string;
  readonly body: Buffer;
}

/** Asks one question by HTTP. */
export type AskHttp = (question: HttpQuestion) => Promise<HttpAnswer>;

/**
 * Asks devices, one connection per question: devices have few, and forget them. Follows no redirect.
 * @param zone interface at which link-local addresses are asked
 * The returned function throws NightjarError `unavailable` when the device cannot be reached or does not answer in time,
 * `protocol` for an answer that is too large, `forbidden` for a certificate that is not trusted.
 */
export function createAskHttp(
  trust: CameraTrust | undefined,
  clock: Clock,
  zone?: string,
): AskHttp {
  return async (question) => {
    const deadline = new AbortController();
    const timer = clock.setTimer(question.timeoutMs, () => deadline.abort());
    const signal =
      question.signal === undefined
        ? deadline.signal
        : AbortSignal.any([deadline.signal, question.signal]);
    try {
      const socket = await connect(withZone(question.url, zone), trust, signal);
      try {
        return await exchange(question, socket, signal);
      } finally {
        socket.destroy();
      }
    } catch (error) {
      if (error instanceof NightjarError) throw error;
      const reason = deadline.signal.aborted ? 'does not answer in time' : messageOf(error);
      throw new NightjarError(
        'unavailable',
        'discovery/unreachable',
        `the device ${reason}`,
        {},
        error,
      );
    } finally {
      timer.cancel();
    }
  };
}

/** A connection to whom it should be: the certificate is looked at before anything is sent. */
async function connect(
  text: string,
  trust: CameraTrust | undefined,
  signal: AbortSignal,
): Promise<Socket> {
  const host = hostOfUrl(text);
  const url = new URL(splitZone(text).url);
  const secure = url.protocol === 'https:';
  const port = url.port === '' ? (secure ? 443 : 80) : Number(url.port);
  const socket: Socket = secure
    ? connectTls({
        host,
        port,
        // A name in the greeting may not be an address (RFC 6066 s.3).
        servername: isIP(host) === 0 ? host : '',
        ...trustOptions(trust),
      })
    : connectTcp({ host, port });
  try {
    await settled(socket, secure ? 'secureConnect' : 'connect', signal);
    const distrust = secure ? distrustOf(socket as TLSSocket, trust) : undefined;
    if (distrust !== undefined) throw new NightjarError('forbidden', UNTRUSTED, distrust);
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

async function settled(socket: Socket, event: string, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const abort = (): void => reject(new Error('does not answer in time'));
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    socket.once(event, resolve);
    socket.once('error', reject);
  });
  // Later errors are told by who uses the socket.
  socket.on('error', () => undefined);
}

async function exchange(
  { url, method, headers, body, maxBytes }: HttpQuestion,
  socket: Socket,
  signal: AbortSignal,
): Promise<HttpAnswer> {
  const { host, pathname, search } = new URL(url);
  return await new Promise<HttpAnswer>((resolve, reject) => {
    const request = httpRequest({
      method,
      path: pathname + search,
      headers: {
        ...headers,
        host,
        connection: 'close',
        ...(body !== undefined && { 'content-length': Buffer.byteLength(body) }),
      },
      createConnection: () => socket,
      signal,
    });
    request.once('error', reject);
    request.once('response', (response) => void collect(response, maxBytes).then(resolve, reject));
    request.end(body);
  });
}

async function collect(response: IncomingMessage, maxBytes: number): Promise<HttpAnswer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maxBytes)
      throw new NightjarError(
        'protocol',
        'discovery/answer-too-large',
        `the device answers with more than ${maxBytes} bytes`,
      );
    chunks.push(chunk);
  }
  return {
    status: response.statusCode ?? 0,
    challenges: response.headersDistinct['www-authenticate'] ?? [],
    contentType: response.headers['content-type'] ?? '',
    body: Buffer.concat(chunks),
  };
}
