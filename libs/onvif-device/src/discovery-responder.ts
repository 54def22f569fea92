import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { randomUUID } from 'node:crypto';
import { NightjarError, TokenBucket, type Clock } from '@nightjar/common';
import {
  DISCOVERY_GROUP_IPV4,
  DISCOVERY_GROUP_IPV6,
  DISCOVERY_PORT,
  matchesProbe,
  parseDiscovery,
  printDiscovery,
  type AppSequence,
  type DiscoveryMessage,
  type Endpoint,
} from '@nightjar/onvif';
import { localAddresses, onLinkAddress, type LocalAddress } from './local-networks.js';

export interface DiscoveryResponderOptions {
  /** The devices here as one sees them from the network of this address. */
  endpoints(local: LocalAddress): readonly Endpoint[];
  /** Names of interfaces; undefined = all but loopback. */
  readonly interfaces?: readonly string[] | undefined;
  readonly clock: Clock;
  /** UDP; default that of the standard. */
  readonly port?: number;
  /** 0 <= x < 1; spreads answers over time. */
  readonly random?: () => number;
  /** Told when a socket fails; the responder goes on with what is left. */
  readonly failed?: (error: Error) => void;
}

/**
 * Answers are spread over so long, that not all devices of a network speak at once. APP_MAX_DELAY of WS-Discovery s.2.4 is
 * 500 ms; but field: libonvif waits no longer than that for all of it.
 */
const MAX_DELAY_MS = 250;
/** Questions of one address, and of all, that are answered per second; an answer is many times as long as a question. */
const PER_PEER = { perSecond: 2, burst: 8 };
const TOGETHER = { perSecond: 20, burst: 50 };
/** Datagrams that are looked into at all: on some networks much else is said to this group. */
const LOOKED_INTO = { perSecond: 200, burst: 400 };
const MAX_PEERS = 1000;
const MAX_QUESTIONS = 1000;

/**
 * Answers Probe and Resolve, says Hello and Bye. Only those on the same link get an answer, so many and no more, and each
 * question one: nobody elsewhere can have it flood a victim. ONVIF Core s.7.
 */
export class DiscoveryResponder {
  private sockets: Socket[] = [];
  private locals: readonly LocalAddress[] = [];
  private readonly peers = new Map<string, TokenBucket>();
  private readonly together: TokenBucket;
  private readonly lookedInto: TokenBucket;
  private readonly seen = new Set<string>();
  private readonly instanceId: number;
  private messages = 0;
  private stopped = false;
  private readonly port: number;

  constructor(private readonly options: DiscoveryResponderOptions) {
    const { clock, port = DISCOVERY_PORT } = options;
    this.port = port;
    const nowMs = clock.monotonicMs();
    this.together = new TokenBucket(TOGETHER.perSecond, TOGETHER.burst, nowMs);
    this.lookedInto = new TokenBucket(LOOKED_INTO.perSecond, LOOKED_INTO.burst, nowMs);
    this.instanceId = Math.floor(clock.wallMs() / 1000);
  }

  /**
   * Joins the groups on all interfaces and says Hello there.
   * @throws NightjarError `unavailable` when there is no interface, or the port cannot be had
   */
  async start(): Promise<void> {
    // Nothing is multicast to the loopback address of IPv6.
    this.locals = localAddresses(this.options.interfaces).filter(
      ({ address }) => address !== '::1',
    );
    if (this.locals.length === 0)
      throw new NightjarError('unavailable', 'onvif/discovery', 'no interface to be found on');
    try {
      for (const family of ['ipv4', 'ipv6'] as const) {
        const locals = this.locals.filter((local) => local.family === family);
        if (locals.length > 0) this.sockets.push(await this.listen(family, locals));
      }
    } catch (error) {
      this.close();
      throw new NightjarError('unavailable', 'onvif/discovery', `no port ${this.port}`, {}, error);
    }
    await this.announce();
  }

  /** Says Bye and ends. */
  async stop(): Promise<void> {
    if (this.stopped) return;
    this.stopped = true;
    await this.tellAll(({ address }) => ({ kind: 'bye', address }));
    this.close();
  }

  /** Says Hello on every network: at the start, and when something has changed. */
  async announce(): Promise<void> {
    await this.tellAll((endpoint) => ({ kind: 'hello', endpoint }));
  }

  private async listen(family: 'ipv4' | 'ipv6', locals: readonly LocalAddress[]): Promise<Socket> {
    const socket = createSocket({
      type: family === 'ipv4' ? 'udp4' : 'udp6',
      reuseAddr: true,
      ipv6Only: family === 'ipv6',
    });
    socket.on('error', (error) => this.options.failed?.(error));
    socket.on('message', (datagram, peer) => this.heard(socket, datagram, peer));
    const listening = once(socket, 'listening');
    socket.bind(this.port, family === 'ipv4' ? '0.0.0.0' : '::');
    await listening;
    for (const name of new Set(locals.map((local) => local.interface))) {
      const local = locals.find((one) => one.interface === name);
      if (local !== undefined) this.join(socket, local);
    }
    return socket;
  }

  private join(socket: Socket, local: LocalAddress): void {
    try {
      if (local.family === 'ipv4') socket.addMembership(DISCOVERY_GROUP_IPV4, local.address);
      else socket.addMembership(DISCOVERY_GROUP_IPV6, `::%${local.interface}`);
    } catch (error) {
      this.options.failed?.(error as Error);
    }
  }

  private heard(socket: Socket, datagram: Buffer, peer: RemoteInfo): void {
    const local = onLinkAddress(peer.address, this.locals);
    // What is not for us, or not even XML, passes in silence: it is multicast.
    if (local === undefined || !this.lookedInto.take(1, this.options.clock.monotonicMs())) return;
    let message: DiscoveryMessage;
    try {
      message = parseDiscovery(datagram);
    } catch (error) {
      if (error instanceof NightjarError) return;
      throw error;
    }
    if (message.kind !== 'probe' && message.kind !== 'resolve') return;
    if (!this.isNew(message.messageId, peer) || !this.mayAnswer(peer.address)) return;
    for (const answer of answersTo(message, this.options.endpoints(local))) {
      const wire = printDiscovery({ ...answer, ...this.header() });
      const delayMs = MAX_DELAY_MS * (this.options.random ?? Math.random)();
      this.options.clock.setTimer(delayMs, () => {
        if (!this.stopped) socket.send(wire, peer.port, peer.address, this.sent);
      });
    }
  }

  private readonly sent = (error: Error | null): void => {
    if (error !== null) this.options.failed?.(error);
  };

  private mayAnswer(address: string): boolean {
    const nowMs = this.options.clock.monotonicMs();
    let bucket = this.peers.get(address);
    if (bucket === undefined) {
      if (this.peers.size >= MAX_PEERS) this.peers.clear();
      bucket = new TokenBucket(PER_PEER.perSecond, PER_PEER.burst, nowMs);
      this.peers.set(address, bucket);
    }
    return bucket.take(1, nowMs) && this.together.take(1, nowMs);
  }

  /**
   * Clients send each question several times, for datagrams get lost. Field: libonvif names its questions by the second in
   * which it was started, so that two clients use one name.
   */
  private isNew(messageId: string, { address, port }: RemoteInfo): boolean {
    const question = `${address} ${port} ${messageId}`;
    if (this.seen.has(question)) return false;
    if (this.seen.size >= MAX_QUESTIONS) {
      for (const oldest of this.seen) {
        this.seen.delete(oldest);
        break;
      }
    }
    this.seen.add(question);
    return true;
  }

  private header(): { readonly messageId: string; readonly sequence: AppSequence } {
    this.messages += 1;
    const { instanceId, messages } = this;
    return {
      messageId: `urn:uuid:${randomUUID()}`,
      sequence: { instanceId, messageNumber: messages },
    };
  }

  /** One socket for each address: which interface a datagram leaves by is a property of the socket. */
  private async tellAll(
    message: (
      endpoint: Endpoint,
    ) => { kind: 'hello'; endpoint: Endpoint } | { kind: 'bye'; address: string },
  ): Promise<void> {
    await Promise.all(
      this.locals.map(async (local) => {
        const socket = createSocket(local.family === 'ipv4' ? 'udp4' : 'udp6');
        try {
          const listening = once(socket, 'listening');
          const ipv6Zone = `%${local.interface}`;
          socket.bind(0, local.family === 'ipv4' ? local.address : '::');
          await listening;
          socket.setMulticastInterface(local.family === 'ipv4' ? local.address : `::${ipv6Zone}`);
          const group =
            local.family === 'ipv4' ? DISCOVERY_GROUP_IPV4 : `${DISCOVERY_GROUP_IPV6}${ipv6Zone}`;
          for (const endpoint of this.options.endpoints(local)) {
            const wire = printDiscovery({ ...message(endpoint), ...this.header() });
            await new Promise<void>((resolve, reject) => {
              socket.send(wire, this.port, group, (error) =>
                error === null ? resolve() : reject(error),
              );
            });
          }
        } catch (error) {
          this.options.failed?.(error as Error);
        } finally {
          socket.close();
        }
      }),
    );
  }

  private close(): void {
    this.stopped = true;
    for (const socket of this.sockets) socket.close();
    this.sockets = [];
  }
}

type Question = Extract<DiscoveryMessage, { kind: 'probe' | 'resolve' }>;
type Answer =
  | { kind: 'probe-matches'; relatesTo: string; matches: readonly Endpoint[] }
  | { kind: 'resolve-matches'; relatesTo: string; match: Endpoint };

/** One answer for each device: they are devices of their own that happen to live together. */
function answersTo(message: Question, endpoints: readonly Endpoint[]): Answer[] {
  const relatesTo = message.messageId;
  if (message.kind === 'probe')
    return endpoints
      .filter((endpoint) => matchesProbe(message, endpoint))
      .map((endpoint) => ({ kind: 'probe-matches', relatesTo, matches: [endpoint] }));
  return endpoints
    .filter(({ address }) => address === message.address)
    .map((match) => ({ kind: 'resolve-matches', relatesTo, match }));
}
