import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { Control } from './control.js';
import type { Reader } from './reader.js';
import type { StreamSample } from './stream-sample.js';
import type { UdpSocket, UdpSockets } from './udp-sockets.js';

const RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024;
const ATTEMPTS = 100;

function transport(port: number): string {
  return `RTP/AVP;unicast;client_port=${port}-${port + 1}`;
}

/** A viewer over UDP that counts packets as cheaply as can be. */
export class UdpReader implements Reader {
  private readonly control: Control;

  constructor(
    url: URL,
    private readonly sockets: UdpSockets,
    private readonly pair: readonly [UdpSocket, UdpSocket] = sockets.openPair(),
  ) {
    this.control = new Control(url, { bytes: () => undefined });
  }

  get bytes(): number {
    return this.pair[0].bytes;
  }

  get socket(): UdpSocket {
    return this.pair[0];
  }

  async open(): Promise<void> {
    await this.control.setUp(transport(this.pair[0].port));
    await this.control.play(false);
  }

  keepAlive(): void {
    this.control.keepAlive();
  }

  close(): void {
    this.control.tearDown();
    for (const socket of this.pair) this.sockets.close(socket);
  }
}

/** A viewer that asks for multicast and joins the group that it is told. */
export class MulticastReader implements Reader {
  socket: UdpSocket | undefined;
  private readonly control: Control;

  constructor(
    url: URL,
    private readonly sockets: UdpSockets,
  ) {
    this.control = new Control(url, { bytes: () => undefined });
  }

  get bytes(): number {
    return this.socket?.bytes ?? 0;
  }

  async open(): Promise<void> {
    const { destination, port } = await this.control.setUp('RTP/AVP;multicast');
    if (destination === undefined || port === undefined) throw new Error('no group was named');
    this.socket = this.sockets.openGroup(destination, port[0]);
    await this.control.play(false);
  }

  keepAlive(): void {
    this.control.keepAlive();
  }

  close(): void {
    this.control.tearDown();
    if (this.socket !== undefined) this.sockets.close(this.socket);
  }
}

/** A socket that is just sent to, by itself or as a member of a group. */
export class RawUdpReader implements Reader {
  constructor(
    private readonly sockets: UdpSockets,
    readonly socket: UdpSocket,
  ) {}

  get bytes(): number {
    return this.socket.bytes;
  }

  open(): Promise<void> {
    return Promise.resolve();
  }

  close(): void {
    this.sockets.close(this.socket);
  }
}

/** A viewer over UDP as players are, a call per packet, that looks at all of them. */
export class SampledUdpReader implements Reader {
  bytes = 0;
  private readonly control: Control;
  private sockets: readonly Socket[] = [];

  constructor(
    url: URL,
    readonly sample: StreamSample,
  ) {
    this.control = new Control(url, { bytes: () => undefined });
  }

  async open(): Promise<void> {
    this.sockets = await bindPair();
    this.sockets[0]!.on('message', (packet: Buffer) => {
      this.bytes += packet.length;
      this.sample.packet(packet, 0, packet.length);
    });
    await this.control.setUp(transport(this.sockets[0]!.address().port));
    await this.control.play(false);
  }

  keepAlive(): void {
    this.control.keepAlive();
  }

  close(): void {
    this.control.tearDown();
    for (const socket of this.sockets) socket.close();
  }
}

/** An even port and the odd one above it. */
async function bindPair(): Promise<readonly [Socket, Socket]> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const first = await bind(0);
    const { port } = first.address();
    const second = port % 2 === 0 ? await bind(port + 1).catch(() => undefined) : undefined;
    if (second !== undefined) return [first, second];
    first.close();
  }
  throw new Error('no free pair of UDP ports');
}

async function bind(port: number): Promise<Socket> {
  const socket = createSocket({ type: 'udp4', recvBufferSize: RECEIVE_BUFFER_BYTES });
  const listening = once(socket, 'listening');
  socket.bind(port, '127.0.0.1');
  try {
    await listening;
    return socket;
  } catch (error) {
    socket.close();
    throw error;
  }
}
