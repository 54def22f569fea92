import { NightjarError } from '@nightjar/common';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

const HOST = '127.0.0.1';
/** A connection that is not ours is closed after this. */
const UNCLAIMED_MS = 1_000;

/**
 * Makes pairs of connected sockets. Node has no socketpair, and only sockets can be sent to another process: so this is a
 * listener on the loopback interface that takes connections of its own making alone.
 */
export class LocalPairs {
  private server: Promise<Server> | undefined;
  /** Who waits for the other end of a connection, by the port that it comes from. */
  private readonly waiting = new Map<number, (far: Socket) => void>();
  /** Other ends that were seen before this end was. */
  private readonly early = new Map<number, Socket>();

  /** @throws NightjarError `unavailable` when there is none to be had */
  async make(): Promise<readonly [near: Socket, far: Socket]> {
    this.server ??= this.listen();
    const { port } = (await this.server).address() as AddressInfo;
    const near = connect({ host: HOST, port, noDelay: true });
    try {
      await once(near, 'connect');
    } catch (error) {
      throw new NightjarError('unavailable', 'media/local-pair', 'no local connection', {}, error);
    }
    const from = near.localPort!;
    const seen = this.early.get(from);
    const far = seen ?? (await new Promise<Socket>((resolve) => this.waiting.set(from, resolve)));
    this.early.delete(from);
    far.setTimeout(0);
    return [near, far];
  }

  close(): void {
    void this.server?.then((server) => server.close());
  }

  private async listen(): Promise<Server> {
    const server = createServer({ noDelay: true, pauseOnConnect: true }, (far) => {
      const from = far.remotePort ?? 0;
      const meant = this.waiting.get(from);
      this.waiting.delete(from);
      if (meant !== undefined) {
        meant(far);
        return;
      }
      // Ours, and a moment early; or somebody's on this machine who tries ports.
      this.early.set(from, far);
      far.on('error', () => far.destroy());
      far.setTimeout(UNCLAIMED_MS, () => far.destroy());
      far.once('close', () => this.early.delete(from));
    });
    server.listen(0, HOST);
    await once(server, 'listening');
    return server;
  }
}
