import type { OfflineReason } from '../source.js';

/** What a connection to a camera is wrapped in, beside TLS. */
export type LinkVia = 'direct' | 'http' | 'websocket';

export interface LinkEvents {
  /** RTSP may begin. */
  opened(): void;
  /** The next bytes, which may be used only until the call returns. */
  data(chunk: Buffer): void;
  /** It could not be opened, or broke. `closed` follows. */
  failed(reason: OfflineReason, detail: string): void;
  /** The camera has ended its side. */
  ended(): void;
  /** Everything of it is closed. */
  closed(): void;
}

/** A byte stream to a camera: TCP, TLS, an HTTP tunnel or a WebSocket. */
export interface CameraLink {
  /** Addresses of the TCP connection; undefined when it is not there. */
  readonly localAddress: string | undefined;
  readonly remoteAddress: string | undefined;
  /** Bytes that wait for the camera to take them. */
  readonly queuedBytes: number;
  readonly closed: boolean;
  /** No-op when closed. */
  write(bytes: Buffer): void;
  /** Closes at once. */
  close(): void;
}
