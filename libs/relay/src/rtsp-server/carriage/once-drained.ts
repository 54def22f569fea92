import type { Duplex } from 'node:stream';

/** Calls `listener` once when the queue of a stream is empty or the stream closed. */
export function onceDrained(stream: Duplex, listener: () => void): void {
  let called = false;
  const once = (): void => {
    if (called) return;
    called = true;
    stream.off('drain', once);
    stream.off('close', once);
    listener();
  };
  stream.on('drain', once);
  stream.on('close', once);
}
