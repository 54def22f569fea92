import { createHash } from 'node:crypto';
import type { Socket } from 'node:net';
import { channelToParent, stopReading } from '@nightjar/supervision';
import {
  ConnectionTransfer,
  takeConnection,
  type Travelling,
} from '../../apps/media/src/ipc/connection-transfer.js';
import { isFromFront } from '../../apps/media/src/ipc/messages.js';

/** A connection is given back so often before it is answered. */
const HOPS = 3;
/** At the latest after so many more bytes. */
const BYTES_PER_STAY = 64 * 1024;

/**
 * A shard in miniature: reads some of a connection and gives it back with all that was read; the last one answers with the
 * number and hash of all bytes, and with the address of the peer. The first line names hops and bytes that will come.
 */
const channel = channelToParent();
const transfer = new ConnectionTransfer<Travelling>(channel, ({ socket }) => socket.destroy());
channel.onGone(() => process.exit(0));
channel.onMessage((message, socket) => {
  if (!isFromFront(message)) return;
  if (message.type === 'connection-taken') transfer.taken(message.id);
  if (message.type !== 'connection') return;
  const connection = takeConnection(channel, message, socket);
  if (connection !== undefined) read(connection);
});
process.send?.({ type: 'serving' });

function read({ socket, head }: Travelling): void {
  const [, hops = '0', bytes = '0'] = /cam\d+-(\d+)-(\d+)/.exec(head.toString('latin1')) ?? [];
  const leaveAt = head.length + Math.ceil(Math.random() * BYTES_PER_STAY);
  let all = head;
  const look = (): void => {
    if (all.length >= Number(bytes)) answer(socket, all);
    else if (Number(hops) < HOPS && all.length >= leaveAt) leave(socket, all, Number(hops));
  };
  socket.on('data', (chunk: Buffer) => {
    all = Buffer.concat([all, chunk]);
    look();
  });
  look();
}

function answer(socket: Socket, all: Buffer): void {
  const hash = createHash('sha256')
    .update(all.subarray(all.indexOf('\n')))
    .digest('hex');
  socket.end(`${hash} ${socket.remotePort}\n`);
}

function leave(socket: Socket, all: Buffer, hops: number): void {
  socket.removeAllListeners('data');
  const head = Buffer.concat([all, stopReading(socket)]);
  // As long as before: the number of hops is one digit.
  head.write(head.toString('latin1', 0, 100).replace(`-${hops}-`, `-${hops + 1}-`), 'latin1');
  transfer.send({ socket, head, peer: { address: '127.0.0.1', secure: false, via: 'direct' } });
}
