import { readFileSync } from 'node:fs';
import {
  AF_INET,
  CONTROL_BYTES,
  EPOLLIN,
  EPOLL_CTL_ADD,
  EPOLL_DATA_OFFSET,
  EPOLL_EVENT_BYTES,
  IPPROTO_IP,
  IP_ADD_MEMBERSHIP,
  IOVEC_BYTES,
  MMSGHDR_BYTES,
  MSG_DONTWAIT,
  MSG_TRUNC,
  SOCKADDR_BYTES,
  SOCK_DGRAM,
  SOCK_NONBLOCK,
  SOL_SOCKET,
  SOL_UDP,
  SO_RCVBUF,
  SO_RCVBUFFORCE,
  SO_REUSEADDR,
  UDP_GRO,
  addressOf,
  inAddr,
  integer,
  loadSyscalls,
  socketAddress,
  writeAddress,
  type Syscalls,
} from '../syscalls.js';

/** Enough for a second of a 4 Mbit/s camera and its keyframes, with what the kernel adds to every packet. */
const RECEIVE_BUFFER_BYTES = 8 * 1024 * 1024;
/** Messages of one call. */
const MESSAGES = 64;
/** Of each message the RTP header is copied, the rest is dropped by the kernel. */
const HEAD_BYTES = 16;
const EVENTS = 256;
/** How long the process sleeps at most when nothing arrives, so that it hears its parent. */
const SLEEP_MS = 10;
const MAX_GAP = 0x8000;
const MAX_PORT = 65_535;
const LOOPBACK = '127.0.0.1';

/** One receiver. */
export class UdpSocket {
  bytes = 0;
  packets = 0;
  /** Missing by sequence number. */
  lost = 0;
  private lastSequence = -1;

  constructor(
    readonly fd: number,
    readonly port: number,
  ) {}

  /** Takes a run of packets with successive numbers, the first of which has this number. */
  count(sequence: number, packets: number, bytes: number): void {
    this.bytes += bytes;
    this.packets += packets;
    const gap = this.lastSequence < 0 ? 0 : (sequence - this.lastSequence - 1) & 0xffff;
    if (gap >= MAX_GAP) {
      this.lost -= packets;
      return;
    }
    this.lost += gap;
    this.lastSequence = (sequence + packets - 1) & 0xffff;
  }
}

/**
 * UDP receivers that cost as little as they can: one epoll for all, 64 packets a call, and of each packet only the header is
 * copied. `dgram` would take a call and an allocation per packet and be the bottleneck of what it measures.
 */
export class UdpSockets {
  private readonly calls: Syscalls = loadSyscalls();
  private readonly epoll: number;
  private readonly sockets = new Map<number, UdpSocket>();
  private readonly events = Buffer.alloc(EVENTS * EPOLL_EVENT_BYTES);
  private readonly heads = Buffer.alloc(MESSAGES * HEAD_BYTES);
  private readonly vectors = Buffer.alloc(MESSAGES * IOVEC_BYTES);
  private readonly controls = Buffer.alloc(MESSAGES * CONTROL_BYTES);
  private readonly messages = Buffer.alloc(MESSAGES * MMSGHDR_BYTES);
  private polling = false;

  /** @param gro whether the kernel may hand over runs of packets in one piece (UDP_GRO, udp(7)) */
  constructor(private readonly gro: boolean) {
    this.epoll = this.calls.epoll_create1(0);
    const [heads, vectors, controls] = [this.heads, this.vectors, this.controls].map(addressOf);
    for (let i = 0; i < MESSAGES; i++) {
      writeAddress(this.vectors, i * IOVEC_BYTES, heads! + i * HEAD_BYTES);
      this.vectors.writeUInt32LE(HEAD_BYTES, i * IOVEC_BYTES + 8);
      const message = i * MMSGHDR_BYTES;
      writeAddress(this.messages, message + 16, vectors! + i * IOVEC_BYTES);
      this.messages.writeUInt32LE(1, message + 24);
      if (gro) writeAddress(this.messages, message + 32, controls! + i * CONTROL_BYTES);
    }
  }

  /** A receiver on any port. */
  open(): UdpSocket {
    return this.bind(0);
  }

  /** Receivers on an even port and the odd one above it, RTP and RTCP. */
  openPair(): [UdpSocket, UdpSocket] {
    for (;;) {
      const first = this.bind(0);
      const neighbour =
        first.port % 2 === 0 && first.port < MAX_PORT ? this.tryBind(first.port + 1) : undefined;
      if (neighbour !== undefined) return [first, neighbour];
      this.close(first);
    }
  }

  /** A receiver of what is sent to a group on the loopback interface; there may be several of the same. */
  openGroup(group: string, port: number): UdpSocket {
    const socket = this.tryBind(port, group);
    if (socket === undefined) throw new Error(`cannot join ${group}`);
    return socket;
  }

  close(socket: UdpSocket): void {
    this.sockets.delete(socket.fd);
    this.calls.close(socket.fd);
  }

  /** Packets that the kernel dropped at these sockets so far, by port (proc(5), /proc/net/udp). */
  static droppedAt(ports: ReadonlySet<number>): number {
    let dropped = 0;
    for (const line of readFileSync('/proc/net/udp', 'latin1').split('\n').slice(1)) {
      const fields = line.trim().split(/\s+/);
      const port = Number.parseInt(fields[1]?.split(':')[1] ?? '', 16);
      if (ports.has(port)) dropped += Number(fields.at(-1));
    }
    return dropped;
  }

  private bind(port: number): UdpSocket {
    const socket = this.tryBind(port);
    if (socket === undefined) throw new Error('cannot open a UDP socket');
    return socket;
  }

  private tryBind(port: number, group?: string): UdpSocket | undefined {
    const { calls } = this;
    const fd = calls.socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    if (fd < 0) return undefined;
    const size = integer(RECEIVE_BUFFER_BYTES);
    if (calls.setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, size, size.length) < 0)
      calls.setsockopt(fd, SOL_SOCKET, SO_RCVBUF, size, size.length);
    if (this.gro) calls.setsockopt(fd, SOL_UDP, UDP_GRO, integer(1), 4);
    let joined = 0;
    if (group !== undefined) {
      calls.setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, integer(1), 4);
      const membership = Buffer.concat([inAddr(group), inAddr(LOOPBACK)]);
      joined = calls.setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, membership, membership.length);
    }
    const address = socketAddress(group ?? LOOPBACK, port);
    if (joined < 0 || calls.bind(fd, address, address.length) < 0) {
      calls.close(fd);
      return undefined;
    }
    const name = Buffer.alloc(SOCKADDR_BYTES);
    calls.getsockname(fd, name, integer(SOCKADDR_BYTES));
    const event = Buffer.alloc(EPOLL_EVENT_BYTES);
    event.writeUInt32LE(EPOLLIN, 0);
    event.writeUInt32LE(fd, EPOLL_DATA_OFFSET);
    calls.epoll_ctl(this.epoll, EPOLL_CTL_ADD, fd, event);
    const socket = new UdpSocket(fd, name.readUInt16BE(2));
    this.sockets.set(fd, socket);
    this.poll();
    return socket;
  }

  /** Alternates between the receivers and everything else that this process does, for as long as there are receivers. */
  private poll(): void {
    if (this.polling) return;
    this.polling = true;
    const turn = (): void => {
      const count = this.calls.epoll_wait(this.epoll, this.events, EVENTS, SLEEP_MS);
      for (let i = 0; i < count; i++) {
        const fd = this.events.readUInt32LE(i * EPOLL_EVENT_BYTES + EPOLL_DATA_OFFSET);
        const socket = this.sockets.get(fd);
        if (socket !== undefined) this.read(socket);
      }
      if (this.sockets.size === 0) this.polling = false;
      else setImmediate(turn);
    };
    setImmediate(turn);
  }

  private read(socket: UdpSocket): void {
    const { messages, heads, controls } = this;
    if (this.gro) {
      for (let i = 0; i < MESSAGES; i++)
        messages.writeUInt32LE(CONTROL_BYTES, i * MMSGHDR_BYTES + 40);
    }
    const flags = MSG_DONTWAIT | MSG_TRUNC;
    const count = this.calls.recvmmsg(socket.fd, messages, MESSAGES, flags, null);
    for (let i = 0; i < count; i++) {
      const bytes = messages.readUInt32LE(i * MMSGHDR_BYTES + 56);
      const hasControl = this.gro && messages.readUInt32LE(i * MMSGHDR_BYTES + 40) > 0;
      const segment = hasControl ? controls.readInt32LE(i * CONTROL_BYTES + 16) : bytes;
      const sequence = heads.readUInt16BE(i * HEAD_BYTES + 2);
      socket.count(sequence, segment > 0 ? Math.ceil(bytes / segment) : 1, bytes);
    }
  }
}
