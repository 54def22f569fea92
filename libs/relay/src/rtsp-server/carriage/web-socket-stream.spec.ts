import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createWebSocketStream, WebSocket } from 'ws';
import { TestClient } from '../testing/test-client.js';
import { OpenPort, play, TCP } from './testing/open-port.js';
import { PING_INTERVAL_MS } from './web-socket-stream.js';

describe('a WebSocket', () => {
  let port: OpenPort;

  beforeEach(async () => {
    port = new OpenPort();
    await port.open();
  });

  afterEach(() => port.close());

  it('is a byte stream: requests may be cut and joined anywhere', async () => {
    const socket = await port.webSocket('ws');
    const stream = createWebSocketStream(socket);
    const client = TestClient.over(stream, (text) => {
      for (let at = 0; at < text.length; at += 5) socket.send(Buffer.from(text.slice(at, at + 5)));
    });
    await play(client, TCP);
    socket.send(
      Buffer.from('OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\nOPTIONS * RTSP/1.0\r\nCSeq: 2\r\n\r\n'),
    );
    for (const cseq of ['1', '2']) {
      const answer = await client.next();
      expect('status' in answer && answer.headers.get('CSeq')).toBe(cseq);
    }
  });

  it('takes media inside also for a client that asks for UDP', async () => {
    const client = TestClient.over(createWebSocketStream(await port.webSocket('ws')));
    expect(await play(client, 'RTP/AVP;unicast;client_port=5000-5001')).toContain('interleaved');
  });

  it.each([
    ['another protocol', 'chat', {}, 400],
    ['no protocol', [], {}, 400],
    ['a page of another origin', 'rtsp.onvif.org', { origin: 'https://evil.example' }, 403],
  ])('is refused with %s', async (_what, protocols, options, status) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port.server.port}/front`, protocols, options);
    const [error] = (await once(socket, 'error')) as [Error];
    expect(error.message).toContain(String(status));
  });

  it('is open to pages of an origin that is allowed', async () => {
    const client = TestClient.over(
      createWebSocketStream(await port.webSocket('ws', { origin: 'https://NVR.example' })),
    );
    expect((await client.ask('OPTIONS', '*')).status).toBe(200);
  });

  it('is closed for text, and for a message without end', async () => {
    const text = await port.webSocket('ws');
    text.send('OPTIONS * RTSP/1.0\r\n\r\n');
    expect((await once(text, 'close'))[0]).toBe(1003);
    const large = await port.webSocket('ws');
    large.on('error', () => undefined);
    large.send(Buffer.alloc(2 * 1024 * 1024));
    expect((await once(large, 'close'))[0]).toBe(1009);
  });

  it('is asked now and then whether it is there, and closed when it is not', async () => {
    const socket = await port.webSocket('ws', { autoPong: false });
    // Who has not asked anything is closed for that.
    await play(TestClient.over(createWebSocketStream(socket)), TCP);
    for (let ping = 0; ping < 2; ping += 1) {
      port.clock.advance(PING_INTERVAL_MS);
      await once(socket, 'ping');
    }
    port.clock.advance(PING_INTERVAL_MS);
    await once(socket, 'close');
  });
});
