import type { Socket } from 'node:net';
import type { ByteStream } from '@nightjar/relay';

/** Above this the shard is not read on until the client has taken what waits: its own bounds count from there. */
export const HIGH_WATER_BYTES = 256 * 1024;
/** A client that sends so much more than its shard reads is cut. */
export const MAX_UNREAD_BYTES = 8 * 1024 * 1024;

/**
 * Moves the bytes of a client to a local connection and back, until either ends.
 * @param stream not opened yet
 */
export function joinStreams(stream: ByteStream, local: Socket): void {
  stream.open({
    data: (chunk) => {
      local.write(chunk);
      if (local.writableLength > MAX_UNREAD_BYTES) stream.close();
    },
    ended: () => stream.close(),
    closed: () => local.destroy(),
  });
  local.on('data', (chunk: Buffer) => {
    stream.write(chunk);
    if (stream.queuedBytes <= HIGH_WATER_BYTES) return;
    local.pause();
    stream.onceDrained(() => local.resume());
  });
  local.on('error', () => local.destroy());
  local.on('end', () => stream.closeGently());
  local.on('close', () => stream.closeGently());
}
