import { createSocket, type Socket } from 'node:dgram';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import { NightjarError } from '@nightjar/common';
import type { PortPair } from '@nightjar/rtsp';

/** Range the pairs come from: the usual ephemeral ports. */
const FIRST_PORT = 32_768;
const LAST_PORT = 60_998;
const BIND_ATTEMPTS = 32;
/** A keyframe arrives as one burst; the kernel may grant less. */
const RECEIVE_BUFFER_BYTES = 2 * 1024 * 1024;

/** Two bound sockets: RTP on an even port, RTCP on the next one (RFC 3550 s.11). */
export interface UdpPair {
  readonly rtp: Socket;
  readonly rtcp: Socket;
  readonly ports: PortPair;
}

/**
 * Binds a pair on the local address that already talks to the camera.
 *
 * @throws NightjarError `exhausted` when no free pair is found.
 */
export async function bindUdpPair(address: string): Promise<UdpPair> {
  for (let attempt = 0; attempt < BIND_ATTEMPTS; attempt += 1) {
    const port = 2 * randomInt(FIRST_PORT / 2, LAST_PORT / 2);
    const rtp = await bind(address, port);
    if (rtp === undefined) continue;
    const rtcp = await bind(address, port + 1);
    if (rtcp !== undefined) return { rtp, rtcp, ports: [port, port + 1] };
    rtp.close();
  }
  throw new NightjarError('exhausted', 'relay/udp-ports', 'no free pair of UDP ports found');
}

/** Undefined when the port is taken. */
async function bind(address: string, port: number): Promise<Socket | undefined> {
  const socket = createSocket({
    type: isIPv6(address) ? 'udp6' : 'udp4',
    recvBufferSize: RECEIVE_BUFFER_BYTES,
  });
  try {
    socket.bind({ address, port, exclusive: true });
    await once(socket, 'listening');
    return socket;
  } catch {
    socket.close();
    return undefined;
  }
}
