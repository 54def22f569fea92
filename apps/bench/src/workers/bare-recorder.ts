import { close, fdatasync, openSync, writev } from 'node:fs';
import path from 'node:path';
import { pullBare } from '../bare-pull.js';

/**
 * The reference for recording: the least that any recorder of this runtime must do with one write and one fdatasync per
 * camera and second. What a camera's socket gave in a second is appended to one file as it is: no parsing, no container, no
 * hash, no journal. `node bare-recorder.js FOLDER CAMERA_URL...`; sends `ready` when every camera has been written once.
 */
const WRITE_INTERVAL_MS = 1_000;

const [folder = '', ...cameras] = process.argv.slice(2);
let bytes = 0;
let waiting = cameras.length;

cameras.forEach((url, index) => {
  const file = openSync(path.join(folder, `bare-${index}.bin`), 'w');
  let chunks: Buffer[] = [];
  let busy = false;
  let first = true;
  const done = (): void => {
    busy = false;
    if (!first) return;
    first = false;
    waiting -= 1;
    if (waiting === 0) process.send?.({ type: 'ready' });
  };
  const flush = (): void => {
    if (busy || chunks.length === 0) return;
    busy = true;
    const written = chunks;
    chunks = [];
    writev(file, written, (error, count) => {
      if (error) throw error;
      bytes += count;
      fdatasync(file, (failed) => {
        if (failed) throw failed;
        done();
      });
    });
  };
  const socket = pullBare(url, (chunk) => chunks.push(chunk));
  // Each on its own beat, as cameras are.
  let timer: NodeJS.Timeout | undefined;
  socket.once('connect', () => {
    timer = setInterval(flush, WRITE_INTERVAL_MS);
  });
  socket.once('close', () => {
    clearInterval(timer);
    close(file);
  });
});

process.on('message', () => {
  const { user, system } = process.cpuUsage();
  process.send?.({ type: 'cpu', seconds: (user + system) / 1e6, bytes });
});
process.on('disconnect', () => process.exit(0));
