import { createReadStream, type ReadStream } from 'node:fs';
import { createServer, type Socket } from 'node:net';

/**
 * The reference for fast replay: files written to sockets as they are, as fast as these take them. Connection number i begins
 * with file i modulo their number, goes round and does not end. `node bare-replay.js FILE...`; sends its port by IPC.
 */
const files = process.argv.slice(2);
let connections = 0;

function serve(socket: Socket, first: number): void {
  let file: ReadStream | undefined;
  const next = (index: number): void => {
    file = createReadStream(files[index % files.length]!);
    file.once('end', () => next(index + 1));
    file.pipe(socket, { end: false });
  };
  socket.on('error', () => undefined);
  socket.once('close', () => file?.destroy());
  next(first);
}

const server = createServer({ noDelay: true }, (socket) => serve(socket, connections++));
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.send?.({
    type: 'ready',
    port: typeof address === 'object' && address !== null ? address.port : 0,
  });
});
process.on('disconnect', () => process.exit(0));
