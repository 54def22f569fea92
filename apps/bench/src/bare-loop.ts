import { connect, createServer, type Socket } from 'node:net';

/**
 * The reference: the least that any relay of this runtime must do. It reads what a camera sends and writes every chunk to
 * every connection, with no parsing, no protocol and no bound. `node bare-loop.js CAMERA_URL`; sends its port by IPC.
 */
const camera = new URL(process.argv[2] ?? '');
const viewers = new Set<Socket>();

const server = createServer({ noDelay: true }, (socket) => {
  viewers.add(socket);
  socket.on('error', () => undefined);
  socket.on('close', () => viewers.delete(socket));
});

const source = connect({ host: camera.hostname, port: Number(camera.port), noDelay: true });
const requests = [
  `DESCRIBE ${camera.href} RTSP/1.0\r\nCSeq: 1\r\n\r\n`,
  `SETUP ${camera.href}/trackID=0 RTSP/1.0\r\nCSeq: 2\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n\r\n`,
];
let playing = false;
source.write(requests.shift()!);
source.on('data', (chunk: Buffer) => {
  if (playing) {
    for (const viewer of viewers) viewer.write(chunk);
    return;
  }
  const next = requests.shift();
  if (next !== undefined) {
    source.write(next);
    return;
  }
  playing = true;
  const session = /Session: ([^;\r]+)/.exec(chunk.toString('latin1'))?.[1] ?? '';
  source.write(`PLAY ${camera.href} RTSP/1.0\r\nCSeq: 3\r\nSession: ${session}\r\n\r\n`);
});

server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.send?.({ type: 'ready', port: typeof address === 'object' ? address?.port : 0 });
});

process.on('message', () => {
  const { user, system } = process.cpuUsage();
  process.send?.({ type: 'cpu', seconds: (user + system) / 1e6 });
});
process.on('disconnect', () => process.exit(0));
