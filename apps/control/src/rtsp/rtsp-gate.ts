import type { Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import { AllowList } from '@nightjar/access';
import type { AddressRange } from '@nightjar/config';
import { canBeTold, GENTLE_CLOSE_MS, printProxyHeader, type Client } from '@nightjar/relay';
import { printHttpRefusal } from '@nightjar/rtsp';
import { clientOf } from './client-of.js';
import { readFirstRequest } from './first-request.js';

export interface RtspGateOptions {
  /** The RTSP server. */
  readonly host: string;
  readonly port: number;
  /** Secret that the RTSP server has too. */
  readonly key: Buffer;
  readonly trustedProxies: readonly AddressRange[] | undefined;
  /** A connection carries RTSP, and is the RTSP server's. */
  readonly passedOn: (socket: Socket) => void;
  readonly failed: (error: Error) => void;
}

/**
 * Passes connections of the HTTP port that carry RTSP, in tunnels or WebSockets, on to the RTSP server, with the address of
 * the client before them. Everything about them is decided there: access, limits, cookies, origins.
 */
export class RtspGate {
  private readonly proxies: AllowList | undefined;
  private readonly carried = new Set<Socket>();

  constructor(private readonly options: RtspGateOptions) {
    const { trustedProxies } = options;
    this.proxies = trustedProxies && new AllowList(trustedProxies);
  }

  /** Stands before what listens for connections of `server` now. */
  guard(server: Server): void {
    const listeners = server.listeners('connection');
    server.removeAllListeners('connection');
    server.on('connection', (socket) =>
      readFirstRequest(socket, {
        http: () => {
          for (const listener of listeners) listener.call(server, socket);
        },
        rtsp: (head, request) => this.passOn(socket, head, clientOf(socket, request, this.proxies)),
      }),
    );
  }

  /** Ends what was passed on. */
  close(): void {
    for (const socket of this.carried) socket.destroy();
  }

  private passOn(client: Socket, head: Buffer, who: Client): void {
    if (client.destroyed || !canBeTold(who.address)) {
      client.destroy();
      return;
    }
    const { host, port, key, failed } = this.options;
    this.options.passedOn(client);
    const server = connect({ host, port, noDelay: true });
    client.setNoDelay(true);
    this.carried.add(client);
    let reached = false;
    server.once('connect', () => {
      reached = true;
      server.write(printProxyHeader(who, key));
      server.write(head);
      // Who does not read holds up the other side: the RTSP server sees a slow reader as one.
      client.pipe(server);
      server.pipe(client);
    });
    server.on('error', (error) => {
      if (reached) return;
      failed(error);
      client.end(printHttpRefusal(503, 'the RTSP server cannot be reached'));
      client.resume();
    });
    server.on('close', () => {
      if (!reached) return;
      // What was sent at the end may still be on its way to the client.
      if (server.readableEnded) client.setTimeout(GENTLE_CLOSE_MS, () => client.destroy());
      else client.destroy();
    });
    client.on('error', () => client.destroy());
    client.on('close', () => {
      this.carried.delete(client);
      server.destroy();
    });
  }
}
