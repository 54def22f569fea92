import type { Socket } from 'node:net';
import type { Peer, SilentConnections, SilentEnd } from '@nightjar/relay';
import { readOn, stopReading } from '@nightjar/supervision';
import type { Travelling } from '../ipc/connection-transfer.js';
import { readFirstLine } from './first-line.js';

/** A refused client has this long to read why. */
const LINGER_MS = 1_000;
const CSEQ = /^CSeq:[ \t]*(\d{1,10})[ \t]*\r?$/im;

export interface ArrivalEvents {
  /** The first line is there, and nothing is read any more. Not called for a connection that ended before. */
  known(arrival: Arrival, camera: string | undefined): void;
  /** The client left, or was too slow, or had to make room, before anybody had the connection. */
  ended(arrival: Arrival, how: 'closed' | SilentEnd): void;
}

/** A connection that no shard has yet: reads until its first line tells whose it is. */
export class Arrival implements Travelling {
  readonly socket: Socket;
  readonly peer: Peer;
  head: Buffer;
  private readonly asked: () => void;
  private over = false;

  /** @param travelling its socket is read by nobody, and may be closed already */
  constructor(
    { socket, head, peer }: Travelling,
    silent: SilentConnections,
    private readonly events: ArrivalEvents,
  ) {
    this.socket = socket;
    this.head = head;
    this.peer = peer;
    this.asked = silent.enter((how) => this.fail(how));
    socket.on('data', (chunk: Buffer) => this.receive(chunk));
    socket.on('error', () => socket.destroy());
    socket.on('end', () => socket.destroy());
    socket.on('close', () => this.end('closed'));
  }

  /** Looks at what came with it; call it once, at the start. */
  begin(): void {
    if (this.socket.destroyed) {
      this.end('closed');
      return;
    }
    this.look();
    if (!this.over) readOn(this.socket);
  }

  /** Answers for a shard that is not there, and closes. */
  refuse(status: '503 Service Unavailable' | '408 Request Timeout', retrySeconds?: number): void {
    this.finish();
    const cseq = CSEQ.exec(this.head.toString('latin1'))?.[1];
    const lines = [
      `RTSP/1.0 ${status}`,
      ...(cseq === undefined ? [] : [`CSeq: ${cseq}`]),
      ...(retrySeconds === undefined ? [] : [`Retry-After: ${retrySeconds}`]),
    ];
    this.socket.end(`${lines.join('\r\n')}\r\n\r\n`);
    this.socket.setTimeout(LINGER_MS, () => this.socket.destroy());
    // Bytes that nobody has read would turn the end into a reset that overtakes the answer.
    readOn(this.socket);
  }

  /** Ends it without a word. */
  drop(): void {
    this.finish();
    this.socket.destroy();
  }

  private receive(chunk: Buffer): void {
    if (this.over) return;
    this.head = this.head.length === 0 ? chunk : Buffer.concat([this.head, chunk]);
    this.look();
  }

  private look(): void {
    const line = readFirstLine(this.head);
    if (line.state === 'more' || this.socket.destroyed) return;
    this.finish();
    this.head = Buffer.concat([this.head, stopReading(this.socket)]);
    this.events.known(this, line.camera);
  }

  private fail(how: SilentEnd): void {
    if (how === 'timeout' && this.head.length > 0) this.refuse('408 Request Timeout');
    else this.drop();
    this.events.ended(this, how);
  }

  private end(how: 'closed'): void {
    if (this.over) return;
    this.finish();
    this.events.ended(this, how);
  }

  private finish(): void {
    this.over = true;
    this.asked();
  }
}
