import { randomInt } from 'node:crypto';
import { NightjarError } from '@nightjar/common';
import type { PortPair } from '@nightjar/rtsp';
import { bindUdp, type BoundSocket } from '../udp/bound-socket.js';

/** Range the pairs come from: the usual ephemeral ports. */
const FIRST_PORT = 32_768;
const LAST_PORT = 60_998;
const BIND_ATTEMPTS = 32;
/** A keyframe arrives as one burst; the kernel may grant less. */
const RECEIVE_BUFFER_BYTES = 2 * 1024 * 1024;

/** Two bound sockets: RTP on an even port, RTCP on the next one (RFC 3550 s.11). */
export interface UdpPair {
  readonly rtp: BoundSocket;
  readonly rtcp: BoundSocket;
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
    const rtp = await bindUdp(address, port, {
      native: true,
      receiveBufferBytes: RECEIVE_BUFFER_BYTES,
    });
    if (rtp === undefined) continue;
    const rtcp = await bindUdp(address, port + 1, { native: false });
    if (rtcp !== undefined) return { rtp, rtcp, ports: [port, port + 1] };
    rtp.socket.close();
  }
  throw new NightjarError('exhausted', 'relay/udp-ports', 'no free pair of UDP ports found');
}

export function closeUdpPair({ rtp, rtcp }: UdpPair): void {
  rtp.socket.close();
  rtcp.socket.close();
}
