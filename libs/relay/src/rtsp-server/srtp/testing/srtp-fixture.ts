import { createServer, type AddressInfo, type Server } from 'node:net';
import { once } from 'node:events';
import { expect } from '@jest/globals';
import { AccessPolicy, REALM } from '@nightjar/access';
import { ManualClock } from '@nightjar/common';
import { encodeRtp } from '@nightjar/rtp';
import {
  parseKeyMgmt,
  parseKeyMgmtAttribute,
  parseMikey,
  printKeyMgmt,
  printMikey,
  type MikeyMessage,
  type RtspResponse,
  type SdpTrack,
} from '@nightjar/rtsp';
import { UserAuthenticator } from '../../authenticator.js';
import type { Mount, MountResolver, MountStream, StreamOutput } from '../../mount.js';
import { RtspServer } from '../../rtsp-server.js';
import { TestClient } from '../../testing/test-client.js';

export const SSRC = 0xcafe_babe;
/** On the loopback interface, so that no packet leaves the machine. */
const GROUPS = {
  enabled: true,
  range: '239.193.0.0/16',
  firstPort: 40_000,
  lastPort: 49_999,
  ttl: 0,
  interface: '127.0.0.1',
};
export const SAVP_TCP = 'RTP/SAVP/TCP;unicast;interleaved=0-1';

const TRACK: SdpTrack & { readonly ssrc: number } = {
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
  ssrc: SSRC,
};

export const rtp = (sequence: number): Buffer =>
  encodeRtp(
    { payloadType: 0, sequence, timestamp: 0, ssrc: SSRC, marker: false },
    Buffer.alloc(20, 7),
  );

/** A stream for all that sends what the test says, and keeps what its clients send. */
export class TestMount implements Mount {
  readonly outputs: StreamOutput[] = [];
  readonly received: Buffer[] = [];

  constructor(
    readonly kind: 'live' | 'playback' = 'live',
    readonly shared = kind === 'live' ? 'front' : undefined,
  ) {}

  describe(): ReturnType<Mount['describe']> {
    return Promise.resolve({ name: 'test', sessionId: '1', sessionVersion: 1, tracks: [TRACK] });
  }

  open(output: StreamOutput): MountStream {
    this.outputs.push(output);
    return {
      play: () => Promise.resolve({ rtpInfo: [{ track: 0 }] }),
      pause: () => Promise.resolve({}),
      close: () => undefined,
      receive: (_track, _rtcp, buf, offset, length) =>
        void this.received.push(Buffer.from(buf.subarray(offset, offset + length))),
    };
  }

  send(sequence: number): void {
    for (const output of this.outputs) {
      output.send(0, rtp(sequence), false);
      output.flush();
    }
  }
}

/** A server whose second port counts as TLS, without its cost. */
export class Fixture {
  readonly clock = new ManualClock();
  readonly server: RtspServer;
  readonly entrance: Server;
  private readonly clients: TestClient[] = [];

  constructor(
    srtp: boolean,
    readonly mount = new TestMount(),
    publish?: MountResolver['publish'],
  ) {
    const policy = new AccessPolicy({});
    this.server = new RtspServer({
      host: '127.0.0.1',
      port: 0,
      udp: true,
      multicast: GROUPS,
      srtp,
      clock: this.clock,
      authenticator: new UserAuthenticator(policy, { realm: REALM, now: Date.now }),
      resolver: { resolve: () => Promise.resolve(this.mount), ...(publish && { publish }) },
    });
    this.entrance = createServer((socket) =>
      this.server.adopt(socket, Buffer.alloc(0), {
        address: '127.0.0.1',
        secure: true,
        via: 'direct',
      }),
    );
  }

  async open(): Promise<void> {
    await this.server.listen();
    this.entrance.listen(0, '127.0.0.1');
    await once(this.entrance, 'listening');
  }

  async close(): Promise<void> {
    for (const { socket } of this.clients) socket.destroy();
    this.entrance.close();
    await this.server.close();
  }

  async client(secure: boolean): Promise<TestClient> {
    const port = secure ? (this.entrance.address() as AddressInfo).port : this.server.port;
    const client = await TestClient.open(port);
    this.clients.push(client);
    return client;
  }
}

export const URL = 'rtsp://nightjar/front';

export const keyMgmt = (message: MikeyMessage): { readonly KeyMgmt: string } => ({
  KeyMgmt: printKeyMgmt({ uri: '', data: printMikey(message, Date.now() as never) }),
});

export function keysOf(answer: RtspResponse): MikeyMessage {
  return parseMikey(parseKeyMgmt(answer.headers.get('KeyMgmt')!)!.data);
}

/** The key that a description tells. */
export async function told(client: TestClient): Promise<MikeyMessage | undefined> {
  const { body } = await client.ask('DESCRIBE', URL);
  const value = /a=key-mgmt:(.*)/.exec(body.toString())?.[1];
  return value === undefined ? undefined : parseKeyMgmtAttribute(value);
}

export function setup(
  client: TestClient,
  headers: Record<string, string>,
  transport = SAVP_TCP,
): Promise<RtspResponse> {
  return client.ask('SETUP', `${URL}/trackID=0`, { Transport: transport, ...headers });
}

/** Plays what was set up. @returns the id of the session */
export async function play(client: TestClient, answer: RtspResponse): Promise<string> {
  const [session = ''] = answer.headers.get('Session')!.split(';');
  expect((await client.ask('PLAY', URL, { Session: session })).status).toBe(200);
  return session;
}
