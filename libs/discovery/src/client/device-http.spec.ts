import { X509Certificate } from 'node:crypto';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { ManualClock, systemClock } from '@nightjar/common';
import { makeSelfSigned, type CameraTrust } from '@nightjar/relay';
import { createAskHttp, type HttpQuestion } from './device-http.js';

const NOBODY: CameraTrust = { ca: undefined, fingerprint: undefined, insecure: false };

describe('a question by HTTP', () => {
  let server: Server | undefined;
  afterEach(() => {
    server?.closeAllConnections();
    server?.close();
  });

  async function serve(listener: RequestListener, tls?: { cert: string; key: string }) {
    const asked: string[] = [];
    const listen: RequestListener = (request, response) => {
      asked.push(`${request.method} ${request.url} ${request.headers.authorization ?? ''}`);
      listener(request, response);
    };
    server = tls === undefined ? createServer(listen) : createTlsServer(tls, listen);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    return { asked, url: `http${tls === undefined ? '' : 's'}://127.0.0.1:${port}/x?y=1` };
  }

  const question = (url: string, over: Partial<HttpQuestion> = {}): HttpQuestion => ({
    url,
    method: 'POST',
    headers: { authorization: 'proof' },
    body: 'body',
    timeoutMs: 10_000,
    maxBytes: 1_000,
    ...over,
  });
  const ask = (trust?: CameraTrust) => createAskHttp(trust, systemClock);

  it('is answered with status, challenges and body, by one connection', async () => {
    const { url, asked } = await serve((_request, response) => {
      response.setHeader('WWW-Authenticate', ['Digest realm="a"', 'Digest realm="b"']);
      response.writeHead(401).end('no');
    });
    expect(await ask()(question(url))).toMatchObject({
      status: 401,
      challenges: ['Digest realm="a"', 'Digest realm="b"'],
      body: Buffer.from('no'),
    });
    expect(asked).toEqual(['POST /x?y=1 proof']);
  });

  it('follows nobody elsewhere', async () => {
    const { url, asked } = await serve((_request, response) => {
      response.writeHead(302, { location: 'http://192.0.2.1/' }).end();
    });
    expect(await ask()(question(url))).toMatchObject({ status: 302 });
    expect(asked).toHaveLength(1);
  });

  it('takes no answer without end', async () => {
    const { url } = await serve((_request, response) => {
      response.write('x'.repeat(2_000));
    });
    await expect(ask()(question(url))).rejects.toMatchObject({
      code: 'discovery/answer-too-large',
    });
  });

  it.each(['before its head', 'in the middle'])(
    'does not wait for a device that falls silent %s',
    async (when) => {
      const clock = new ManualClock();
      let silent: () => void = () => undefined;
      const waiting = new Promise<void>((resolve) => (silent = resolve));
      const { url } = await serve((_request, response) => {
        if (when === 'in the middle') response.write('x');
        silent();
      });
      const asked = createAskHttp(undefined, clock)(question(url));
      await waiting;
      clock.advance(10_000);
      await expect(asked).rejects.toThrow('the device does not answer in time');
    },
  );

  it('ends when it is not wanted any more', async () => {
    const { url } = await serve(() => undefined);
    const signal = AbortSignal.abort();
    await expect(ask()(question(url, { signal }))).rejects.toMatchObject({ kind: 'unavailable' });
  });

  it('tells that nobody is there', async () => {
    const { url } = await serve(() => undefined);
    server?.close();
    await once(server!, 'close');
    await expect(ask()(question(url))).rejects.toMatchObject({ code: 'discovery/unreachable' });
  });

  it('inside TLS says nothing to whom it does not know', async () => {
    const pair = makeSelfSigned(['127.0.0.1'], Date.now());
    const { url, asked } = await serve((_request, response) => response.end('yes'), pair);
    await expect(ask(NOBODY)(question(url))).rejects.toMatchObject({ code: 'discovery/untrusted' });
    const other = { ...NOBODY, fingerprint: 'ab'.repeat(32) };
    await expect(ask(other)(question(url))).rejects.toMatchObject({ code: 'discovery/untrusted' });
    expect(asked).toEqual([]);
    const { fingerprint256: fingerprint } = new X509Certificate(pair.cert);
    expect(await ask({ ...NOBODY, fingerprint })(question(url))).toMatchObject({ status: 200 });
    expect(asked).toHaveLength(1);
  });
});
