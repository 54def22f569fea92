import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { HttpHeadReader, protocolOf, type HttpRequestHead } from '@nightjar/rtsp';
import type { Client, readProxyHeader } from './proxy-header.js';
import type { SilentConnections, SilentEnd } from '../../limits/silent-connections.js';

const NO_BYTES = Buffer.alloc(0);

export interface EntranceEvents {
  /** It is RTSP. Nobody reads the socket now; `head` is what was read. */
  rtsp(entrance: Entrance, head: Buffer): void;
  /** It is an HTTP request; `rest` is what was read behind its head. */
  http(entrance: Entrance, request: HttpRequestHead, rest: Buffer): void;
  /** It is HTTP that cannot be read. */
  malformed(entrance: Entrance, error: unknown): void;
  /**
   * It is TLS, of which `head` is the beginning. Calls back with the socket inside once the handshake is done.
   * @returns false when there is no TLS here
   */
  tls(entrance: Entrance, head: Buffer, secured: (inside: TLSSocket) => void): boolean;
  /** It begins with the header of another process that passes it on. Undefined: nobody may, or this one may not. */
  proxied(bytes: Buffer): ReturnType<typeof readProxyHeader> | undefined;
  /** The client left, was too slow, or had to make room, before it said what it wants. */
  ended(entrance: Entrance, how: 'closed' | SilentEnd): void;
}

/** A connection that nobody has yet: reads until it is known what it carries, through TLS too. */
export class Entrance {
  private bytes: Buffer = NO_BYTES;
  private http: HttpHeadReader | undefined;
  private over = false;
  /** Who is behind it, where another process passes it on. */
  private client: Client | undefined;
  private readonly known: () => void;

  constructor(
    /** What to read and write: inside TLS, once that is begun. */
    public socket: Socket | TLSSocket,
    silent: SilentConnections,
    private readonly events: EntranceEvents,
  ) {
    this.known = silent.enter((how) => this.fail(how));
    this.read(socket);
  }

  get secure(): boolean {
    return 'encrypted' in this.socket || this.client?.secure === true;
  }

  /** IP address of who is at the other end. */
  get address(): string {
    return this.client?.address ?? this.socket.remoteAddress ?? '';
  }

  /** Ends it without a word. */
  drop(): void {
    this.finish();
    this.socket.destroy();
  }

  private read(socket: Socket): void {
    socket.on('data', this.receive);
    socket.on('error', () => socket.destroy());
    socket.on('end', this.leave);
    socket.on('close', this.leave);
  }

  private readonly leave = (): void => this.fail('closed');

  private readonly receive = (chunk: Buffer): void => {
    if (this.over) return;
    if (this.http !== undefined) {
      this.readHttp(chunk);
      return;
    }
    this.bytes = this.bytes.length === 0 ? chunk : Buffer.concat([this.bytes, chunk]);
    const { bytes } = this;
    switch (protocolOf(bytes)) {
      case 'more':
        break;
      case 'proxy':
        this.readClient(bytes);
        break;
      case 'tls':
        this.enterTls(bytes);
        break;
      case 'http':
        this.http = new HttpHeadReader();
        this.readHttp(bytes);
        break;
      case 'rtsp':
        this.finish();
        this.events.rtsp(this, bytes);
        break;
    }
  };

  private readClient(bytes: Buffer): void {
    const inTheClear = this.client === undefined && !this.secure;
    const header = inTheClear ? this.events.proxied(bytes) : undefined;
    if (header === undefined) {
      this.fail('closed');
      return;
    }
    if (header === 'more') return;
    this.client = header.client;
    this.bytes = NO_BYTES;
    if (bytes.length > header.length) this.receive(bytes.subarray(header.length));
  }

  private enterTls(head: Buffer): void {
    this.pause();
    this.socket.on('close', this.leave);
    const entered =
      !this.secure &&
      this.events.tls(this, head, (inside) => {
        if (this.over) return;
        this.bytes = NO_BYTES;
        this.socket = inside;
        this.read(inside);
      });
    if (!entered) this.fail('closed');
  }

  private readHttp(chunk: Buffer): void {
    const http = this.http!;
    try {
      const at = http.read(chunk, 0);
      if (!http.done) return;
      this.finish();
      this.events.http(this, http.request(), chunk.subarray(at));
    } catch (error) {
      this.finish();
      this.events.malformed(this, error);
    }
  }

  private fail(how: 'closed' | SilentEnd): void {
    if (this.over) return;
    this.drop();
    this.events.ended(this, how);
  }

  /** Leaves the socket to the next one that reads it. */
  private pause(): void {
    const { socket } = this;
    socket.pause();
    socket.off('data', this.receive);
    socket.off('end', this.leave);
    socket.off('close', this.leave);
  }

  private finish(): void {
    this.over = true;
    this.known();
    this.pause();
  }
}
