import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { FRAMES_PER_SECOND, makeFootage } from '../camera/footage.js';
import { datagramRuns, type DatagramRun } from '../reference/datagram-runs.js';
import { BareSegmentSender, type Receiver } from '../reference/segment-sender.js';
import {
  AF_INET,
  IPPROTO_IP,
  IP_MULTICAST_IF,
  inAddr,
  integer,
  SOCK_DGRAM,
  SOCK_NONBLOCK,
  SOL_SOCKET,
  SO_SNDBUF,
  loadSyscalls,
} from '../syscalls.js';

/**
 * The reference of the fan-out over UDP: prepared frames of a camera, sent to every receiver at the camera's pace, by a loop that
 * does nothing else. `node udp-loop.js segments|datagrams BITS_PER_SECOND` is told by IPC which receivers there are; an empty list
 * stops it.
 */
const SEND_BUFFER_BYTES = 4 * 1024 * 1024;
const GOP_SECONDS = 2;
const [mode = '', bitsPerSecond = ''] = process.argv.slice(2);
const frames = makeFootage(Number(bitsPerSecond), GOP_SECONDS).map(datagramRuns);

async function makeSender(
  receivers: readonly Receiver[],
): Promise<(runs: readonly DatagramRun[]) => void> {
  if (mode === 'segments') {
    const calls = loadSyscalls();
    const fd = calls.socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    calls.setsockopt(fd, SOL_SOCKET, SO_SNDBUF, integer(SEND_BUFFER_BYTES), 4);
    calls.setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, inAddr('127.0.0.1'), 4);
    const sender = new BareSegmentSender(fd, receivers);
    return (runs) => sender.send(runs);
  }
  const socket = createSocket({
    type: 'udp4',
    sendBufferSize: SEND_BUFFER_BYTES,
    lookup: (address, _, done) => done(null, address, 4),
  });
  const listening = once(socket, 'listening');
  socket.bind(0, '127.0.0.1');
  await listening;
  return (runs) => {
    for (const { address, port } of receivers) {
      for (const { packets } of runs)
        for (const packet of packets) socket.send(packet, port, address);
    }
  };
}

let timer: NodeJS.Timeout | undefined;
async function start(receivers: readonly Receiver[]): Promise<void> {
  clearInterval(timer);
  if (receivers.length === 0) return;
  const send = await makeSender(receivers);
  let frame = 0;
  timer = setInterval(() => send(frames[frame++ % frames.length]!), 1000 / FRAMES_PER_SECOND);
}

process.on('message', (receivers: readonly Receiver[]) => void start(receivers));
process.on('disconnect', () => process.exit(0));
process.send?.({ type: 'ready' });
