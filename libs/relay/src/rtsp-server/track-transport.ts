import { isIPv4 } from 'node:net';
import { NightjarError } from '@nightjar/common';
import {
  RTSP_2_0,
  chooseTransport,
  type ChosenTransport,
  type MikeyMessage,
  type TransportOffer,
  type TransportSpec,
} from '@nightjar/rtsp';
import type { RtspConnection } from './connection.js';
import type { ServerContext } from './methods/method.js';
import type { Mount } from './mount.js';
import type { RtspSession } from './session.js';

/** Code of the error for media that is asked for to another host. */
export const DESTINATION_PROHIBITED = 'rtsp/destination';

export interface TrackSetup {
  readonly server: ServerContext;
  readonly session: RtspSession;
  readonly connection: RtspConnection;
  readonly track: number;
  /** The URL names the form of the stream that is sent to a group, and no other will do. */
  readonly multicastOnly: boolean;
  /** Keys that the client told; asked for when SRTP was chosen. @throws NightjarError with status 463 */
  readonly clientKeys: () => MikeyMessage | undefined;
}

/**
 * The name under which the mount can be sent to a group; undefined where it cannot. What goes to groups in the clear is
 * readable for all, which is not what somebody wants who connects by TLS: that one may have it by SRTP alone.
 */
export function sharedName(
  { groups, srtp }: Pick<ServerContext, 'groups' | 'srtp'>,
  mount: Mount,
  connection: RtspConnection,
): string | undefined {
  const offered = groups !== undefined && (!connection.peer.secure || srtp !== undefined);
  return offered ? mount.shared : undefined;
}

/**
 * Sets one track up for the first transport of a client's list that we can serve.
 * @returns what to answer; undefined for 461
 * @throws NightjarError with status 463 when the keys of the client are of no use, or media is asked for to where it is not
 */
export function setUpTransport(
  specs: readonly TransportSpec[],
  setup: TrackSetup,
): TransportSpec | undefined {
  const { session, connection } = setup;
  const taken = new Set([...connection.sessions].flatMap((other) => other.usedChannels));
  // A track that is set up anew may keep its channels.
  for (const channel of session.channelsOf(setup.track)) taken.delete(channel);
  let free = 2 * setup.track;
  while (taken.has(free) || taken.has(free + 1)) free += 2;
  const mode = session.options.mount.kind === 'publish' ? 'RECORD' : 'PLAY';
  const allowed = specs.filter((spec) => isForPeer(spec, connection));
  if (allowed.length === 0 && session.version === RTSP_2_0) throw prohibited();
  const chosen = chooseTransport(allowed, offerOf(setup), [free, free + 1], taken, mode);
  if (chosen === undefined) return undefined;
  const answer = setUpChosen(setup, chosen);
  return mode === 'PLAY' ? answer : answer && { ...answer, mode };
}

function setUpChosen(setup: TrackSetup, chosen: ChosenTransport): TransportSpec | undefined {
  if (chosen.srtp === true) protect(setup, chosen.kind === 'multicast');
  if (chosen.kind === 'multicast') return setUpMulticast(setup);
  return chosen.kind === 'tcp' ? setUpTcp(setup, chosen.interleaved) : setUpUdp(setup, chosen);
}

function protect(
  { server, session, connection, track, clientKeys }: TrackSetup,
  inGroup: boolean,
): void {
  const { resource, mount } = session.options;
  const srtp = session.protect(() => server.srtp!.take(connection, resource, mount));
  srtp.setUp(track, clientKeys(), inGroup);
}

/** One session, one transport: mixing them would split a picture from its sound, or leave one of them readable. */
function offerOf(setup: TrackSetup): TransportOffer {
  const { server, session, connection, track, multicastOnly } = setup;
  const { mount } = session.options;
  const { tcp = true, udp = true } = mount.transports ?? {};
  const transport = session.transportFor(track) ?? 'any';
  const group = isIPv4Peer(connection.peerAddress)
    ? sharedName(server, mount, connection)
    : undefined;
  const { secure } = connection.peer;
  const isFirst = session.transport === undefined;
  const unicast = !(multicastOnly && group !== undefined);
  const multicast = group !== undefined && ['any', 'multicast'].includes(transport);
  return {
    // One connection carries all tracks: with it the session ends.
    tcp:
      tcp &&
      unicast &&
      [undefined, connection].includes(session.carrier as RtspConnection | undefined) &&
      ['any', 'tcp'].includes(transport),
    udp: udp && unicast && ['any', 'udp'].includes(transport) && server.udpPorts !== undefined,
    multicast: multicast && !secure,
    srtpMulticast: multicast && secure,
    plain: isFirst || session.srtp === undefined,
    plainUdp: !secure,
    srtp: secure && server.srtp !== undefined && (isFirst || session.srtp !== undefined),
    // What reaches us through a tunnel need not reach us in any other way.
    interleavedOnly: connection.peer.via !== 'direct',
  };
}

function setUpTcp(
  { session, connection, track }: TrackSetup,
  [rtp, rtcp]: readonly [number, number],
): TransportSpec {
  session.setupTcp(track, rtp, connection);
  return {
    profile: profileOf(session),
    lower: 'TCP',
    unicast: true,
    interleaved: [rtp, rtcp],
    ...announced(session, track),
  };
}

function setUpUdp(
  { server, session, connection, track }: TrackSetup,
  { clientPort: [rtp, rtcp], rtcp: carried, addresses }: Extract<ChosenTransport, { kind: 'udp' }>,
): TransportSpec {
  const ports = server.udpPorts!;
  const address = connection.peerAddress;
  const muxed = carried === 'mux';
  const peer = ports.peer(address, rtp, muxed);
  const separate = carried === 'none' ? undefined : ports.peer(address, rtcp);
  session.setupUdp(track, { rtp: peer, rtcp: muxed ? peer : separate }, ports);
  // RTCP that shares the port of RTP, or that there is none of, has no second one.
  const used = carried === undefined ? 2 : 1;
  const at = (host: string, pair: readonly number[]): TransportSpec['destAddr'] =>
    pair.slice(0, used).map((port) => ({ host, port }));
  return {
    profile: profileOf(session),
    lower: 'UDP',
    unicast: true,
    ...(addresses === true
      ? {
          destAddr: at(plain(address), [rtp, rtcp])!,
          srcAddr: at('', ports.ports)!,
        }
      : {
          clientPort: [rtp, rtcp],
          serverPort: [ports.ports[0], ports.ports[1]],
        }),
    ...(muxed ? { rtcpMux: true as const } : {}),
    ...announced(session, track),
  };
}

function setUpMulticast(setup: TrackSetup): TransportSpec | undefined {
  const { server, session, connection, track } = setup;
  const stream = sharedName(server, session.options.mount, connection);
  const to = session.setupMulticast(track, stream!, server.groups!);
  if (to === undefined) return undefined;
  const { address, ports } = to;
  return {
    profile: profileOf(session),
    lower: 'UDP',
    unicast: false,
    ...(session.version === RTSP_2_0
      ? { destAddr: ports.map((port) => ({ host: address, port })) }
      : { destination: address, port: [ports[0], ports[1]] as [number, number] }),
    ttl: to.ttl,
    ...announced(session, track),
  };
}

function profileOf({ srtp }: RtspSession): TransportSpec['profile'] {
  return srtp === undefined ? 'RTP/AVP' : 'RTP/SAVP';
}

function announced(session: RtspSession, track: number): { readonly ssrc?: number } {
  const ssrc = session.announcedSsrc(track);
  return ssrc === undefined ? {} : { ssrc };
}

/** Media is sent to no other host than the one that asks for it (RFC 7826 s.18.54); `destination` is never read at all. */
function isForPeer({ unicast, destAddr = [] }: TransportSpec, connection: RtspConnection): boolean {
  const peer = plain(connection.peerAddress);
  return !unicast || destAddr.every(({ host }) => host === '' || plain(host) === peer);
}

function prohibited(): NightjarError {
  return new NightjarError(
    'forbidden',
    DESTINATION_PROHIBITED,
    'media is sent to its client alone',
    {
      status: 463,
    },
  );
}

/** An address without what marks it as IPv4 on a socket of IPv6. */
function plain(address: string): string {
  return address.toLowerCase().replace(/^::ffff:(?=\d+\.)/, '');
}

/** Groups have IPv4 addresses; who talks to us over IPv6 alone could not join them. */
function isIPv4Peer(address: string): boolean {
  return isIPv4(plain(address));
}
