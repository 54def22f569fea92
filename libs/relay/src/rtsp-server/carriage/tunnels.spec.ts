import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { answerTo, OpenPort, play, TCP, tunnelHead } from './testing/open-port.js';
import { PAIRING_MS } from './tunnels.js';

describe('a tunnel', () => {
  let port: OpenPort;

  beforeEach(async () => {
    port = new OpenPort();
    await port.open();
  });

  afterEach(() => port.close());

  it('carries media inside also for a client that asks for UDP', async () => {
    const { client } = await port.tunnel(port.plain);
    expect(await play(client, 'RTP/AVP;unicast;client_port=5000-5001')).toMatch(
      /^RTP\/AVP\/TCP;unicast;interleaved=0-1/,
    );
  });

  it('lives through a POST that is closed and opened again, in the middle of a group', async () => {
    const { client, post, sendIn } = await port.tunnel(port.plain);
    expect((await client.ask('OPTIONS', '*')).status).toBe(200);
    post.write('T1BU');
    post.write('SU');
    post.end();
    await once(post, 'close');
    const next = await port.plain();
    next.write(tunnelHead('POST'));
    sendIn(next);
    // The three bytes that came through begin the method of what follows.
    next.write(Buffer.from('IONS * RTSP/1.0\r\nCSeq: 9\r\n\r\n').toString('base64'));
    const answer = await client.next();
    expect('status' in answer && answer.headers.get('CSeq')).toBe('9');
  });

  it('lets the last POST speak, and closes the one before', async () => {
    const { client, post, sendIn } = await port.tunnel(port.plain);
    expect((await client.ask('OPTIONS', '*')).status).toBe(200);
    const next = await port.plain();
    next.write(tunnelHead('POST'));
    sendIn(next);
    await once(post, 'close');
    expect((await client.ask('OPTIONS', '*')).status).toBe(200);
  });

  it('bears the reports that live555 sends beside it, on the connection of the GET', async () => {
    const { client, get } = await port.tunnel(port.plain);
    await play(client, TCP);
    get.write(Buffer.from([0x24, 1, 0, 8, 0x81, 201, 0, 1, 0, 0, 0, 9]));
    get.write('DESCRIBE rtsp://h/front RTSP/1.0\r\nCSeq: 99\r\n\r\n');
    expect((await client.ask('OPTIONS', '*')).status).toBe(200);
    expect(port.server.countSessions()).toBe(1);
  });

  it('ends with its GET, session and POST with it', async () => {
    const { client, get, post } = await port.tunnel(port.plain);
    await play(client, TCP);
    get.destroy();
    await once(post, 'close');
    expect(port.server.countSessions()).toBe(0);
  });

  it('is not to be had a second time by its cookie', async () => {
    const { client } = await port.tunnel(port.plain);
    const thief = await answerTo(await port.plain(), tunnelHead('GET'));
    expect(thief).toMatch(/^HTTP\/1\.1 409 Conflict/);
    expect((await client.ask('OPTIONS', '*')).status).toBe(200);
  });

  it('takes no POST without a GET, nor one in the clear for a tunnel in TLS', async () => {
    expect(await answerTo(await port.plain(), tunnelHead('POST', 'nobody-has-this'))).toMatch(
      / 404 /,
    );
    await port.tunnel(port.secure);
    const post = tunnelHead('POST');
    expect(await answerTo(await port.plain(), post)).toMatch(/ 404 /);
  });

  it('takes no POST from another address', async () => {
    const { client } = await port.tunnel(port.plain);
    const thief = await port.plain('127.0.0.2');
    expect(await answerTo(thief, tunnelHead('POST'))).toMatch(/ 404 /);
    expect((await client.ask('OPTIONS', '*')).status).toBe(200);
  });

  it('is no tunnel when the POST comes on the connection of the GET', async () => {
    const get = await port.plain();
    await answerTo(get, tunnelHead('GET', 'both-on-one-connection'));
    get.write(tunnelHead('POST', 'both-on-one-connection'));
    await once(get, 'close');
  });

  it('is closed when its second half does not come, and its cookie can be used again', async () => {
    const get = await port.plain();
    await answerTo(get, tunnelHead('GET', 'half-a-tunnel'));
    port.clock.advance(PAIRING_MS);
    await once(get, 'close');
    expect(await answerTo(await port.plain(), tunnelHead('GET', 'half-a-tunnel'))).toMatch(/ 200 /);
  });

  it('is closed by what is no base64', async () => {
    const { get, post } = await port.tunnel(port.plain);
    post.write('DESCRIBE rtsp://h/front RTSP/1.0\r\n\r\n');
    await once(get, 'close');
  });

  it.each([
    ['a page', 'GET / HTTP/1.1\r\n\r\n', 400],
    ['a header without end', `GET / HTTP/1.1\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`, 400],
    ['no tunnel by POST', 'POST / HTTP/1.1\r\nx-sessioncookie: abcdefgh\r\n\r\n', 415],
  ])('is refused as HTTP: %s', async (_what, request, status) => {
    expect(await answerTo(await port.plain(), request)).toMatch(
      new RegExp(`^HTTP/1.1 ${status} .*text/plain`, 's'),
    );
  });
});
