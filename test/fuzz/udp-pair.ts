import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';

const HOST = '127.0.0.1';
const FIRST_PORT = 26_000;
const PAIRS = 2_000;
let next = 0;

/** Two UDP ports of one client, for RTP and RTCP. */
export class UdpPair {
  private constructor(
    readonly port: number,
    private readonly sockets: readonly Socket[],
  ) {}

  static async open(address: string): Promise<UdpPair> {
    const port = FIRST_PORT + 2 * (next++ % PAIRS);
    const sockets = await Promise.all(
      [port, port + 1].map(async (each) => {
        const socket = createSocket('udp4');
        // Nobody listens there any more: that is the point.
        socket.on('error', () => undefined);
        socket.bind(each, address);
        await once(socket, 'listening');
        return socket;
      }),
    );
    return new UdpPair(port, sockets);
  }

  /** Sends each packet to both ports of the server. */
  async send(ports: readonly number[], packets: readonly Buffer[]): Promise<void> {
    for (const packet of packets) {
      await Promise.all(
        ports.map(
          (port, i) =>
            new Promise<void>((resolve) => {
              if (port === 0 || port > 0xffff) resolve();
              else this.sockets[i]!.send(packet, port, HOST, () => resolve());
            }),
        ),
      );
    }
  }

  close(): void {
    for (const socket of this.sockets) socket.close();
  }
}
