import type { Socket } from 'node:net';
import { asksForRtsp, HttpHeadReader, protocolOf, type HttpRequestHead } from '@nightjar/rtsp';

export interface FirstRequestEvents {
  /** It carries RTSP; `head` is all that was read. Nobody reads the socket now. */
  rtsp(head: Buffer, request: HttpRequestHead): void;
  /** It is HTTP's, whatever it is; nothing is missing of what the client sent. */
  http(): void;
}

/** Reads a connection of the HTTP port until its first request tells whether it is about RTSP, however long that takes. */
export function readFirstRequest(socket: Socket, events: FirstRequestEvents): void {
  let head: Buffer = Buffer.alloc(0);
  const destroy = (): void => void socket.destroy();
  const finish = (): void => {
    socket.pause();
    socket.off('data', receive).off('end', destroy).off('close', finish).off('error', destroy);
  };
  const leave = (): void => {
    finish();
    if (head.length > 0) socket.unshift(head);
    events.http();
    socket.resume();
  };
  const receive = (chunk: Buffer): void => {
    head = head.length === 0 ? chunk : Buffer.concat([head, chunk]);
    const request = requestOf(head);
    if (request === 'more') return;
    if (request === undefined || !asksForRtsp(request)) {
      leave();
      return;
    }
    finish();
    events.rtsp(head, request);
  };
  // Who ends in the middle of a head asks nothing.
  socket.on('data', receive).on('end', destroy).on('close', finish).on('error', destroy);
}

/** The request that `head` begins with; undefined when it begins with none. */
function requestOf(head: Buffer): HttpRequestHead | 'more' | undefined {
  const protocol = protocolOf(head);
  if (protocol !== 'http') return protocol === 'more' ? 'more' : undefined;
  const reader = new HttpHeadReader();
  try {
    reader.read(head, 0);
    return reader.done ? reader.request() : 'more';
  } catch {
    return undefined;
  }
}
