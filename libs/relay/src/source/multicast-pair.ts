import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { NightjarError, messageOf } from '@nightjar/common';
import type { MulticastGroup } from '@nightjar/rtsp';
import type { BoundSocket } from '../udp/bound-socket.js';
import type { UdpPair } from './udp-pair.js';

/** A keyframe arrives as one burst; the kernel may grant less. */
const RECEIVE_BUFFER_BYTES = 2 * 1024 * 1024;

/**
 * Joins a group on one interface, with a socket for RTP and one for RTCP. Others on this machine may listen to the same.
 * @param localAddress IPv4 address of the interface: where the camera is
 * @throws NightjarError `unavailable` when it cannot be joined
 */
export async function joinGroup(group: MulticastGroup, localAddress: string): Promise<UdpPair> {
  const rtp = await join(group, group.ports[0], localAddress);
  try {
    const rtcp = await join(group, group.ports[1], localAddress);
    return { rtp, rtcp, ports: group.ports };
  } catch (error) {
    rtp.socket.close();
    throw error;
  }
}

async function join(
  { address, ttl }: MulticastGroup,
  port: number,
  localAddress: string,
): Promise<BoundSocket> {
  const socket = createSocket({ type: 'udp4', reuseAddr: true });
  try {
    await listen(socket, port, address);
    socket.addMembership(address, localAddress);
    socket.setMulticastInterface(localAddress);
    socket.setMulticastTTL(ttl);
    socket.setRecvBufferSize(RECEIVE_BUFFER_BYTES);
    return { socket, fd: undefined, family: undefined };
  } catch (error) {
    socket.close();
    throw new NightjarError(
      'unavailable',
      'relay/multicast-join',
      `cannot join ${address}:${port} on ${localAddress}: ${messageOf(error)}`,
      {},
      error,
    );
  }
}

/** Bound to the group itself a socket does not hear other groups that have the same port. */
async function listen(socket: Socket, port: number, address: string): Promise<void> {
  const listening = once(socket, 'listening');
  socket.bind(port, address);
  await listening;
}
