import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { NightjarError } from '@nightjar/common';
import { OnvifServer, printEnvelope, xml, type Gate, type Service } from '@nightjar/onvif';
import { answerSoap } from './soap-over-http.js';

const OPEN: Gate<undefined> = { nobody: undefined, identify: () => undefined, allows: () => true };

const DEVICE: Service<undefined> = {
  prefix: 'tds',
  path: 'device_service',
  version: [1, 0],
  capabilities: () => xml('tds:Capabilities'),
  operations: { GetUsers: { access: 'READ_MEDIA', answer: () => xml('tds:GetUsersResponse') } },
};

describe('SOAP over HTTP', () => {
  let server: Server | undefined;
  let responses: ServerResponse[] = [];
  afterEach(() => {
    server?.closeAllConnections();
    server?.close();
  });

  async function dial(bodyMs?: number, gate = OPEN): Promise<Socket> {
    const face = {
      server: new OnvifServer<undefined>([DEVICE]),
      gateOf: () => gate,
      challenges: () => [],
      ...(bodyMs !== undefined && { bodyMs }),
    };
    responses = [];
    server = createServer((request, response) => {
      responses.push(response);
      void answerSoap(request, response, face);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return connect((server.address() as AddressInfo).port, '127.0.0.1');
  }

  const head = (length: number): string =>
    `POST /onvif/device_service HTTP/1.1\r\nHost: a\r\nContent-Type: application/soap+xml\r\nContent-Length: ${length}\r\n\r\n`;

  async function readAll(socket: Socket): Promise<string> {
    let text = '';
    socket.on('data', (chunk) => (text += chunk.toString()));
    // Whoever still writes may be reset: `once` would throw that.
    await new Promise((closed) => socket.once('close', closed));
    return text;
  }

  it('cuts a body that drips in', async () => {
    const socket = await dial(50);
    socket.on('error', () => undefined);
    socket.write(head(60_000));
    const drip = setInterval(() => socket.write('<'), 5);
    await readAll(socket);
    clearInterval(drip);
    // What was answered may be lost to who is reset while it writes.
    expect(responses.map(({ statusCode }) => statusCode)).toEqual([408]);
  });

  it('refuses a body that goes on for longer than it may be', async () => {
    const socket = await dial();
    socket.on('error', () => undefined);
    socket.write(head(1).replace('Content-Length: 1', 'Transfer-Encoding: chunked'));
    socket.write(`20000\r\n${'a'.repeat(0x20000)}\r\n`);
    await readAll(socket);
    expect(responses.map(({ statusCode }) => statusCode)).toEqual([413]);
  });

  it('says when who has to wait may ask again', async () => {
    const identify = (): never => {
      throw new NightjarError('exhausted', 'x/y', 'wait', { retryAfterSeconds: 30 });
    };
    const socket = await dial(undefined, { ...OPEN, identify });
    const document = printEnvelope(xml('tds:GetUsers'));
    socket.write(
      head(Buffer.byteLength(document)).replace('Host: a', 'Host: a\r\nConnection: close'),
    );
    socket.write(document);
    expect(await readAll(socket)).toMatch(/^HTTP\/1.1 429 [^]*\r\nRetry-After: 30\r\n/);
  });

  it('answers one that comes in pieces, and forgets who goes away', async () => {
    const gone = await dial(60_000);
    gone.write(head(100));
    await once(gone, 'ready').catch(() => undefined);
    gone.destroy();
    const socket = connect((server!.address() as AddressInfo).port, '127.0.0.1');
    const document = printEnvelope(xml('tds:GetHostname'));
    socket.write(
      head(Buffer.byteLength(document)).replace('Host: a', 'Host: a\r\nConnection: close'),
    );
    socket.write(document.slice(0, 20));
    socket.write(document.slice(20));
    expect(await readAll(socket)).toMatch(/UnknownAction|ActionNotSupported/);
  });
});
