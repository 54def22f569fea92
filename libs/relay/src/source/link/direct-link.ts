import type { Socket } from 'node:net';
import type { CameraLink, LinkEvents } from './camera-link.js';
import { openSocket, type CameraAddress } from './camera-socket.js';

/** RTSP right inside TCP or TLS. */
export class DirectLink implements CameraLink {
  private readonly socket: Socket;

  /** Connects at once. */
  constructor(address: CameraAddress, events: LinkEvents) {
    this.socket = openSocket(address, {
      ready: () => events.opened(),
      data: (chunk) => events.data(chunk),
      failed: (reason, detail) => events.failed(reason, detail),
    });
    this.socket.on('end', () => events.ended());
    this.socket.on('close', () => events.closed());
  }

  get localAddress(): string | undefined {
    return this.socket.localAddress;
  }

  get remoteAddress(): string | undefined {
    return this.socket.remoteAddress;
  }

  get queuedBytes(): number {
    return this.socket.writableLength;
  }

  get closed(): boolean {
    return this.socket.destroyed;
  }

  write(bytes: Buffer): void {
    this.socket.write(bytes);
  }

  close(): void {
    this.socket.destroy();
  }
}
