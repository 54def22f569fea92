import type { Socket } from 'node:net';

/** Who is at the other end of a stream, and how far the stream can be trusted. */
export interface Peer {
  /** IP address, as the socket that the client opened has it. */
  readonly address: string;
  /** Whether the bytes come through TLS. */
  readonly secure: boolean;
  /** What the bytes are wrapped in. Inside anything but `direct` media can only go interleaved. */
  readonly via: 'direct' | 'http' | 'websocket';
}

export interface ByteStreamEvents {
  /** The next bytes; the chunk is the callee's. */
  data(chunk: Buffer): void;
  /** Nothing more comes: the client has ended its side, or the stream broke. May be called more than once. */
  ended(): void;
  /** Both sides are closed. Called once. */
  closed(): void;
}

/**
 * A byte stream in both directions that carries RTSP: a TCP connection, TLS on one, an HTTP tunnel of two, or a
 * WebSocket. Each write leaves as one piece.
 */
export interface ByteStream {
  readonly peer: Peer;
  /** Bytes accepted and not yet taken by the kernel. */
  readonly queuedBytes: number;
  readonly closed: boolean;
  /** Lets the bytes come; call it once. What came before is kept until then. */
  open(events: ByteStreamEvents): void;
  /**
   * Takes over `bytes`, which must not change until written. No-op when closed.
   * @returns whether bytes wait for the kernel
   */
  write(bytes: Buffer): boolean;
  /** Calls `listener` once when the queue is empty or the stream closed. */
  onceDrained(listener: () => void): void;
  /** Closes at once, dropping what is queued. */
  close(): void;
  /** Lets what is queued go out first, for a second at most. */
  closeGently(): void;
  /** How to give the stream to another process; absent where it cannot leave this one. */
  readonly movable?: MovableStream | undefined;
}

/** A stream that another process can go on with. */
export interface MovableStream {
  /** For one that reads it instead of this stream, which was never opened. */
  readonly socket: Socket;
  /** Nothing more is read here. @returns what was read and not handed out */
  stopReading(): Buffer;
  /** Its socket, once all that was queued is written. Nobody listens to it any more. */
  release(): Promise<Socket>;
}

/** A client that is let go has this long to take what is queued. */
export const GENTLE_CLOSE_MS = 1_000;
