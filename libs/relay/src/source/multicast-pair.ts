import { NightjarError, messageOf } from '@nightjar/common';
import type { MulticastGroup } from '@nightjar/rtsp';
import { bindUdp, type BoundSocket } from '../udp/bound-socket.js';
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
  // Bound to the group itself a socket does not hear other groups that have the same port.
  const bound = await bindUdp(address, port, {
    native: true,
    shared: true,
    receiveBufferBytes: RECEIVE_BUFFER_BYTES,
  });
  if (bound === undefined) throw cannotJoin(address, port, 'its port is taken');
  const { socket } = bound;
  try {
    socket.addMembership(address, localAddress);
    socket.setMulticastInterface(localAddress);
    socket.setMulticastTTL(ttl);
    return bound;
  } catch (error) {
    socket.close();
    throw cannotJoin(address, port, `${messageOf(error)}, on ${localAddress}`);
  }
}

function cannotJoin(address: string, port: number, why: string): NightjarError {
  return new NightjarError(
    'unavailable',
    'relay/multicast-join',
    `cannot listen to ${address}:${port}: ${why}`,
  );
}
