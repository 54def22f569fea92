import { createServer } from 'node:net';
import { serveCamera } from '../camera/connection.js';
import { Camera } from '../camera/camera.js';
import { makeFootage } from '../camera/footage.js';

/**
 * Cameras for load, not for realism: footage packetized before it is needed, one write per frame and viewer. `node camera.js
 * COUNT BITS_PER_SECOND GOP_SECONDS` sends the URLs of its cameras by IPC. Frames and keyframes of cameras that start together
 * do not come at once. Faults, audio, UDP and real pictures: apps/camsim.
 */
/** Its multiples spread evenly over 0 to 1, however many there are. */
const GOLDEN_RATIO = (Math.sqrt(5) - 1) / 2;
const [count = 1, bitsPerSecond = 4_000_000, gopSeconds = 2] = process.argv.slice(2).map(Number);
const footage = makeFootage(bitsPerSecond, gopSeconds);
const cameras = new Map(
  Array.from({ length: count }, (_, i) => {
    const name = `cam${i}`;
    return [name, new Camera(name, footage, ((i + 1) * GOLDEN_RATIO) % 1)];
  }),
);

let timer: NodeJS.Timeout | undefined;
/** One timer for all: it fires for whoever is due first. */
function arm(): void {
  clearTimeout(timer);
  let dueMs = Infinity;
  for (const camera of cameras.values()) dueMs = Math.min(dueMs, camera.dueMs);
  if (dueMs !== Infinity) timer = setTimeout(film, Math.max(0, dueMs - performance.now()));
}
function film(): void {
  const nowMs = performance.now();
  for (const camera of cameras.values()) camera.film(nowMs);
  arm();
}

const server = createServer({ noDelay: true }, (socket) => {
  serveCamera(socket, cameras, arm);
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const urls = [...cameras.keys()].map((name) => `rtsp://127.0.0.1:${port}/${name}`);
  process.send?.({ type: 'ready', urls });
});
process.on('disconnect', () => process.exit(0));
