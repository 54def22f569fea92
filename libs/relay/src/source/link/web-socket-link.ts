import type { Socket } from 'node:net';
import { WEBSOCKET_PROTOCOL } from '@nightjar/rtsp';
import { WebSocket } from 'ws';
import type { CameraLink, LinkEvents } from './camera-link.js';
import { openSocket, printAuthority, type CameraAddress } from './camera-socket.js';

const HANDSHAKE_MS = 5_000;
/** A message holds a few interleaved frames; a camera that sends more is none. */
const MAX_MESSAGE_BYTES = 4 * 1024 * 1024;

/** RTSP in the messages of a WebSocket to the camera (ONVIF Streaming s.7). */
export class WebSocketLink implements CameraLink {
  private readonly socket: Socket;
  private webSocket: WebSocket | undefined;

  /** Connects at once. @param target path and query to ask for */
  constructor(
    private readonly address: CameraAddress,
    private readonly target: string,
    private readonly events: LinkEvents,
  ) {
    this.socket = openSocket(address, {
      ready: () => this.upgrade(),
      failed: (reason, detail) => events.failed(reason, detail),
    });
    this.socket.on('close', () => events.closed());
  }

  get localAddress(): string | undefined {
    return this.socket.localAddress;
  }

  get remoteAddress(): string | undefined {
    return this.socket.remoteAddress;
  }

  get queuedBytes(): number {
    return this.webSocket?.bufferedAmount ?? 0;
  }

  get closed(): boolean {
    return this.socket.destroyed;
  }

  write(bytes: Buffer): void {
    if (this.webSocket?.readyState === WebSocket.OPEN) this.webSocket.send(bytes);
  }

  close(): void {
    this.socket.destroy();
  }

  private upgrade(): void {
    // The connection is there, inside TLS where that is wanted: what is left is HTTP on it.
    const url = `ws://${printAuthority(this.address)}${this.target}`;
    const webSocket = new WebSocket(url, WEBSOCKET_PROTOCOL, {
      createConnection: () => this.socket,
      perMessageDeflate: false,
      maxPayload: MAX_MESSAGE_BYTES,
      handshakeTimeout: HANDSHAKE_MS,
    });
    this.webSocket = webSocket;
    // field: MediaMTX names no protocol, and speaks the one that was asked for.
    webSocket.on('upgrade', ({ headers }) => {
      headers['sec-websocket-protocol'] ??= WEBSOCKET_PROTOCOL;
    });
    webSocket.on('open', () => this.events.opened());
    webSocket.on('message', (data: Buffer) => this.events.data(data));
    webSocket.on('error', (error) => {
      this.events.failed('refused', `WebSocket: ${error.message}`);
      this.close();
    });
    webSocket.on('close', () => {
      this.events.ended();
      this.close();
    });
  }
}
