import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { expect } from '@jest/globals';
import { ManualClock } from '@nightjar/common';
import { encodeRtp } from '@nightjar/rtp';
import type { SdpTrack } from '@nightjar/rtsp';
import { WebSocket } from 'ws';
import type { Mount, StreamOutput } from '../../mount.js';
import { RtspServer } from '../../rtsp-server.js';
import { TestClient } from '../../testing/test-client.js';
import { makeSelfSigned } from '../self-signed.js';
import { ServerCertificate } from '../server-certificate.js';

const TRACK: SdpTrack = {
  format: {
    kind: 'audio',
    codec: 'pcmu',
    payloadType: 0,
    clockRateHz: 8000,
    channels: 1,
    encodingName: 'PCMU',
    fmtp: {},
  },
  control: '',
  direction: 'recvonly',
};
const BASE = 'rtsp://127.0.0.1/front';
export const TCP = 'RTP/AVP/TCP;unicast;interleaved=0-1';
export const COOKIE = 'cookie-of-this-client';
export const ORIGIN = 'https://nvr.example';
/** What processes have that pass connections on. */
export const PROXY_KEY = Buffer.alloc(32, 5);

export const packet = (sequence: number, bytes = 4): Buffer =>
  encodeRtp(
    { payloadType: 0, sequence, timestamp: 0, ssrc: 9, marker: false },
    Buffer.alloc(bytes, 7),
  );

export const tunnelHead = (method: string, cookie = COOKIE): string =>
  `${method} /front HTTP/1.1\r\nx-sessioncookie: ${cookie}\r\nContent-Type: application/x-rtsp-tunnelled\r\nContent-Length: 32767\r\n\r\n`;

/** What is answered to an HTTP request, up to the end of its head. */
export async function answerTo(socket: Socket, request: string): Promise<string> {
  socket.write(request, 'latin1');
  let all = '';
  while (!all.includes('\r\n\r\n')) all += String((await once(socket, 'data'))[0]);
  return all;
}

/** Plays its one packet by itself; the test sends more. */
function mountOf(outputs: StreamOutput[]): Mount {
  return {
    kind: 'live',
    describe: () =>
      Promise.resolve({ name: 'test', sessionId: '1', sessionVersion: 1, tracks: [TRACK] }),
    open: (output) => {
      outputs.push(output);
      return {
        play: () => {
          output.send(0, packet(1), false);
          output.flush();
          return Promise.resolve({ rtpInfo: [{ track: 0, seq: 1, rtptime: 0 }] });
        },
        pause: () => Promise.resolve({}),
        close: () => undefined,
      };
    },
  };
}

/** A server with everything on its port, and clients of all kinds. */
export class OpenPort {
  readonly clock = new ManualClock();
  readonly outputs: StreamOutput[] = [];
  readonly log: string[] = [];
  readonly expiries: number[] = [];
  /** Who came with RTSP. */
  readonly addresses: string[] = [];
  pair = makeSelfSigned(['localhost', '127.0.0.1'], Date.now());
  server!: RtspServer;
  private certificate!: ServerCertificate;
  private folder!: string;
  private readonly clients: { destroy(): void }[] = [];

  async open(): Promise<void> {
    this.folder = await mkdtemp(path.join(tmpdir(), 'nightjar-tls-'));
    await this.write(this.pair);
    const note = (_fields: object, message: string): void => void this.log.push(message);
    this.certificate = await ServerCertificate.open({
      files: { certFile: path.join(this.folder, 'cert'), keyFile: path.join(this.folder, 'key') },
      clock: this.clock,
      log: { info: note, warn: note, error: note },
      expires: (at) => void this.expiries.push(at),
    });
    await this.listen();
  }

  /** Begins anew, with other options. */
  async reopen(options: { requireTls?: boolean }): Promise<void> {
    await this.server.close();
    await this.listen(options);
  }

  async close(): Promise<void> {
    for (const client of this.clients) client.destroy();
    await this.certificate.close();
    await this.server.close();
    await rm(this.folder, { recursive: true });
  }

  /** Puts files of a certificate in the place of those that are there. */
  async write({ cert, key }: { readonly cert?: string; readonly key?: string }): Promise<void> {
    if (cert !== undefined) await writeFile(path.join(this.folder, 'cert'), cert);
    if (key !== undefined) await writeFile(path.join(this.folder, 'key'), key);
  }

  readonly plain = async (localAddress = '127.0.0.1'): Promise<Socket> => {
    const { port } = this.server;
    const socket = connect({ port, host: '127.0.0.1', localAddress, noDelay: true });
    this.clients.push(socket);
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    return socket;
  };

  readonly secure = async (ca = this.pair.cert): Promise<TLSSocket> => {
    const socket = connectTls({ port: this.server.port, host: '127.0.0.1', ca });
    this.clients.push(socket);
    socket.on('error', () => undefined);
    await once(socket, 'secureConnect');
    return socket;
  };

  private async listen(options: { requireTls?: boolean } = {}): Promise<void> {
    this.server = new RtspServer({
      host: '127.0.0.1',
      port: 0,
      udp: true,
      clock: this.clock,
      admits: (address) => {
        this.addresses.push(address);
        return true;
      },
      authenticator: { required: false, challenges: () => [], identify: () => undefined },
      resolver: { resolve: () => Promise.resolve(mountOf(this.outputs)) },
      doorway: {
        tls: this.certificate.door,
        requireTls: options.requireTls,
        origins: [ORIGIN],
        proxyKey: PROXY_KEY,
      },
    });
    await this.server.listen();
  }

  /** A client that sends in a POST what it has to say, a few characters at a time, each message padded by itself. */
  async tunnel(connectOne: () => Promise<Socket>) {
    const get = await connectOne();
    expect(await answerTo(get, tunnelHead('GET'))).toMatch(/^HTTP\/1\.0 200 OK\r\n/);
    const post = await connectOne();
    post.write(tunnelHead('POST'));
    let sending = post;
    const client = TestClient.over(get, (text) => {
      const wire = Buffer.from(text).toString('base64');
      for (let at = 0; at < wire.length; at += 7) sending.write(`${wire.slice(at, at + 7)}\r\n`);
    });
    return {
      get,
      post,
      client,
      sendIn: (other: Socket) => {
        sending = other;
      },
    };
  }

  async webSocket(scheme: 'ws' | 'wss', options: object = {}): Promise<WebSocket> {
    const url = `${scheme}://127.0.0.1:${this.server.port}/front`;
    const socket = new WebSocket(url, 'rtsp.onvif.org', { ca: this.pair.cert, ...options });
    this.clients.push({ destroy: () => socket.terminate() });
    await once(socket, 'open');
    return socket;
  }
}

/** Up to the first packet. @returns the transport that the server chose */
export async function play(client: TestClient, transport: string): Promise<string> {
  expect((await client.ask('DESCRIBE', BASE)).status).toBe(200);
  const setup = await client.ask('SETUP', `${BASE}/trackID=0`, { Transport: transport });
  expect(setup.status).toBe(200);
  const session = setup.headers.get('Session')!.split(';')[0]!;
  expect((await client.ask('PLAY', BASE, { Session: session })).status).toBe(200);
  expect(await client.next()).toEqual({ channel: 0, bytes: packet(1) });
  return setup.headers.get('Transport')!;
}
