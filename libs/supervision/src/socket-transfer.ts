import type { Socket } from 'node:net';
import { NightjarError } from '@nightjar/common';

/** What Node's stream handles offer and its sockets do not: to stop reading at once. */
interface ReadingHandle {
  reading: boolean;
  readStart(): number;
  readStop(): number;
}

/**
 * Makes a socket fit to be sent to another process: from here on this process takes nothing from the kernel, so that the
 * next byte is read over there. A socket that is only paused goes on reading up to its high-water mark, and what it
 * reads after it was sent is lost; hence the handle.
 * @returns what was read and not consumed
 * @throws NightjarError `internal` for a socket that is closed
 */
export function stopReading(socket: Socket): Buffer {
  const handle = handleOf(socket);
  if (handle === null)
    throw new NightjarError('internal', 'supervision/socket-closed', 'the socket is closed');
  socket.pause();
  const unread: Buffer[] = [];
  // Taking bytes out makes the stream read on, so it is stopped afterwards; nothing arrives within a turn of the loop.
  for (let chunk = socket.read() as Buffer | null; chunk !== null; chunk = socket.read() as Buffer)
    unread.push(chunk);
  handle.reading = false;
  handle.readStop();
  return Buffer.concat(unread);
}

/** Reads on from a socket that {@link stopReading} stopped and that was not sent after all. No-op when it is closed. */
export function readOn(socket: Socket): void {
  const handle = handleOf(socket);
  if (handle === null) return;
  // The stream believes that it is reading: it would not start by itself.
  handle.reading = true;
  handle.readStart();
  socket.resume();
}

function handleOf(socket: Socket): ReadingHandle | null {
  const { _handle: handle } = socket as Socket & { readonly _handle: ReadingHandle | null };
  return socket.destroyed ? null : handle;
}
