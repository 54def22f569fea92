import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { systemClock } from '@nightjar/common';
import type { RtspRequest } from '@nightjar/rtsp';
import { readOn } from '@nightjar/supervision';
import fc from 'fast-check';
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { directPeer, SocketStream } from './carriage/socket-stream.js';
import { RtspConnection, type ConnectionHandler } from './connection.js';
import type { Elsewhere } from './elsewhere.js';
import { MAX_PASSED_ON_BYTES } from './limits.js';
import type { RtspSession } from './session.js';

const HERE = 'rtsp://h/here';
const THERE = 'rtsp://h/there';

/** A connection whose requests for THERE go elsewhere; what was answered here, and what came there. */
class Crossing {
  readonly answered: number[] = [];
  readonly refused: string[] = [];
  passedOn = '';
  readonly elsewhere: Elsewhere = {
    serves: (uri) => uri === THERE,
    take: (socket, unread) => {
      this.passedOn = unread.toString();
      socket.on('data', (chunk) => {
        this.passedOn += chunk.toString();
        this.changed();
      });
      readOn(socket);
      this.changed();
    },
    refused: (uri) => void this.refused.push(uri),
  };
  readonly handler: ConnectionHandler = {
    handle: async (request: RtspRequest) => {
      // Some answers take a turn of the loop, as those do that ask a camera.
      if (request.method === 'DESCRIBE') await new Promise((resolve) => setImmediate(resolve));
      this.answered.push(Number(request.headers.get('CSeq')));
      this.changed();
      return { status: 200 };
    },
    interleaved: () => undefined,
    readEnded: () => undefined,
    answered: () => undefined,
    closed: () => undefined,
  };
  private changed: () => void = () => undefined;

  until(done: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.changed = () => {
        if (done()) resolve();
      };
      this.changed();
    });
  }
}

describe('a connection with requests for another process', () => {
  let server: Server;
  let client: Socket;
  let accepted: Socket;
  let heard: string;

  beforeEach(async () => {
    server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    await meet();
  });
  afterEach(async () => {
    client.destroy();
    accepted.destroy();
    await new Promise((resolve) => server.close(resolve));
  });

  async function meet(): Promise<void> {
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const arrival = once(server, 'connection') as Promise<[Socket]>;
    client = connect(port, '127.0.0.1');
    heard = '';
    client.on('data', (chunk) => (heard += chunk.toString()));
    [accepted] = await arrival;
    await once(client, 'connect');
  }

  const request = (cseq: number, method: string, uri: string, body = ''): string =>
    `${method} ${uri} RTSP/1.0\r\nCSeq: ${cseq}\r\n` +
    `${body === '' ? '' : `Content-Length: ${body.length}\r\n`}\r\n${body}`;

  it('passes on every byte from the first of them on, whatever is on its way', async () => {
    const item = fc.record({
      there: fc.boolean(),
      method: fc.constantFrom('OPTIONS', 'DESCRIBE', 'GET_PARAMETER'),
      body: fc.constantFrom('', 'x', 'barcode: 1\r\n\r\nDESCRIBE'),
      gap: fc.constantFrom('', '\r\n'),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(item, { minLength: 1, maxLength: 8 }),
        fc.array(fc.nat({ max: 400 }), { maxLength: 6 }),
        fc.nat({ max: 60 }),
        async (items, cuts, headBytes) => {
          client.destroy();
          accepted.destroy();
          await meet();
          const texts = items.map(({ there, method, body, gap }, index) => {
            return request(index + 1, method, there ? THERE : HERE, body) + gap;
          });
          const all = texts.join('');
          const crossing = new Crossing();
          // The first is answered here wherever it belongs: who passed the connection on has decided.
          const turn = items.findIndex(({ there }, index) => there && index > 0);
          const mine = turn < 0 ? items.length : turn;
          const connection = new RtspConnection(
            new SocketStream(accepted, directPeer(accepted)),
            crossing.handler,
            systemClock,
            {
              elsewhere: crossing.elsewhere,
            },
          );
          connection.begin(Buffer.from(all.slice(0, headBytes)));
          let at = headBytes;
          for (const end of [...cuts, all.length].sort((a, b) => a - b)) {
            if (end <= at) continue;
            await new Promise<void>((resolve) => client.write(all.slice(at, end), () => resolve()));
            await new Promise((resolve) => setImmediate(resolve));
            at = end;
          }
          const rest = texts.slice(mine).join('');
          await crossing.until(
            () => crossing.answered.length === mine && crossing.passedOn.length >= rest.length,
          );
          expect(crossing.answered).toEqual(items.slice(0, mine).map((_, index) => index + 1));
          expect(crossing.passedOn).toBe(rest);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('keeps nothing of what a client sends that nobody asked for', async () => {
    const crossing = new Crossing();
    const connection = new RtspConnection(
      new SocketStream(accepted, directPeer(accepted)),
      crossing.handler,
      systemClock,
      {
        elsewhere: crossing.elsewhere,
      },
    );
    connection.begin(Buffer.alloc(0));
    const frame = Buffer.concat([Buffer.from([0x24, 0, 0xff, 0xff]), Buffer.alloc(0xffff)]);
    for (let sent = 0; sent < 2 * MAX_PASSED_ON_BYTES; sent += frame.length) client.write(frame);
    client.write(request(1, 'OPTIONS', HERE) + request(2, 'OPTIONS', THERE));
    await crossing.until(() => crossing.passedOn !== '');
    expect(crossing.passedOn).toBe(request(2, 'OPTIONS', THERE));
    connection.close();
  });

  it('stays where its session is, and the request is refused', async () => {
    const crossing = new Crossing();
    const connection = new RtspConnection(
      new SocketStream(accepted, directPeer(accepted)),
      crossing.handler,
      systemClock,
      {
        elsewhere: crossing.elsewhere,
      },
    );
    connection.begin(Buffer.from(request(1, 'OPTIONS', HERE)));
    await crossing.until(() => crossing.answered.length === 1);
    connection.sessions.add({} as RtspSession);
    client.write(request(2, 'DESCRIBE', THERE) + request(3, 'OPTIONS', HERE));
    await crossing.until(() => crossing.answered.length === 2);
    expect(crossing.refused).toEqual([THERE]);
    while (!heard.includes('CSeq: 3')) await once(client, 'data');
    expect(heard).toMatch(/RTSP\/1\.0 503 .*\r\nCSeq: 2\r\n/);
    expect(heard).toContain('Retry-After: ');
    connection.sessions.clear();
    connection.close();
  });
});
