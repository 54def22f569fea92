import {
  EAGAIN,
  ECONNREFUSED,
  EHOSTUNREACH,
  EMSGSIZE,
  ENETUNREACH,
  ENOBUFS,
  ENOMEM,
} from '../libc.js';

/**
 * Why packets for a UDP reader were not sent. `full`: the network is slower than what is to be sent, for longer than
 * queues last.
 */
export type UdpDropReason = 'full' | 'unreachable' | 'too-large' | 'other';

/** Told of packets that were given up; called where it happens, so it only counts. */
export type OnUdpDrop = (reason: UdpDropReason, packets: number) => void;

/** Whether an error of a send call goes away by waiting. */
export function isTransient(errno: number): boolean {
  return errno === EAGAIN || errno === ENOBUFS || errno === ENOMEM;
}

/** @param errno positive, as in errno(3) */
export function dropReasonOf(errno: number): UdpDropReason {
  if (isTransient(errno)) return 'full';
  if (errno === ENETUNREACH || errno === EHOSTUNREACH || errno === ECONNREFUSED)
    return 'unreachable';
  return errno === EMSGSIZE ? 'too-large' : 'other';
}
