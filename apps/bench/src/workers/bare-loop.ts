import { connect, createServer, type Server, type Socket } from 'node:net';

/**
 * The reference of the fan-out: the least that any relay of this runtime must do. It reads what cameras send and writes every
 * chunk to every connection of that camera, with no parsing, no protocol and no bound. `node bare-loop.js CAMERA_URL...`
 * sends by IPC a URL for each camera where to connect.
 */
async function relay(camera: URL): Promise<string> {
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
    `PLAY ${camera.href} RTSP/1.0\r\nCSeq: 3\r\nSession: 1\r\n\r\n`,
  ];
  source.write(requests.shift()!);
  source.on('data', (chunk: Buffer) => {
    const next = requests.shift();
    if (next !== undefined) source.write(next);
    else for (const viewer of viewers) viewer.write(chunk);
  });
  return `tcp://127.0.0.1:${await listen(server)}`;
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

const urls = await Promise.all(process.argv.slice(2).map(async (url) => await relay(new URL(url))));
process.send?.({ type: 'ready', urls });
process.on('disconnect', () => process.exit(0));
