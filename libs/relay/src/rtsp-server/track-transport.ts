import { isIPv4 } from 'node:net';
import {
  chooseTransport,
  type MikeyMessage,
  type TransportOffer,
  type TransportSpec,
} from '@nightjar/rtsp';
import type { RtspConnection } from './connection.js';
import type { ServerContext } from './methods/method.js';
import type { Mount } from './mount.js';
import type { MulticastGroups } from './multicast-groups.js';
import type { RtspSession } from './session.js';

export interface TrackSetup {
  readonly server: ServerContext;
  readonly session: RtspSession;
  readonly connection: RtspConnection;
  readonly track: number;
  /** The URL names the form of the stream that is sent to a group, and no other will do. */
  readonly multicastOnly: boolean;
  /** Keys that came with the request; asked for when SRTP was chosen. @throws NightjarError with status 463 */
  readonly clientKeys: () => MikeyMessage | undefined;
}

/**
 * The name under which the mount can be sent to a group; undefined where it cannot. What goes to groups is readable for
 * all, which is not what somebody wants who connects by TLS.
 */
export function sharedName(
  groups: MulticastGroups | undefined,
  mount: Mount,
  connection: RtspConnection,
): string | undefined {
  return groups === undefined || connection.peer.secure ? undefined : mount.shared;
}

/**
 * Sets one track up for the first transport of a client's list that we can serve.
 * @returns what to answer; undefined for 461
 * @throws NightjarError with status 463 when the keys of the client are of no use
 */
export function setUpTransport(
  specs: readonly TransportSpec[],
  setup: TrackSetup,
): TransportSpec | undefined {
  const taken = new Set([...setup.connection.sessions].flatMap((other) => other.usedChannels));
  let free = 2 * setup.track;
  while (taken.has(free) || taken.has(free + 1)) free += 2;
  const chosen = chooseTransport(specs, offerOf(setup), [free, free + 1], taken);
  if (chosen === undefined) return undefined;
  if (chosen.kind === 'multicast') return setUpMulticast(setup);
  if (chosen.srtp === true) protect(setup);
  return chosen.kind === 'tcp'
    ? setUpTcp(setup, chosen.interleaved)
    : setUpUdp(setup, chosen.clientPort);
}

function protect({ server, session, connection, track, clientKeys }: TrackSetup): void {
  const { resource, mount } = session.options;
  const srtp = session.protect(() => server.srtp!.take(connection, resource, mount));
  srtp.setUp(track, clientKeys());
}

/** One session, one transport: mixing them would split a picture from its sound, or leave one of them readable. */
function offerOf({ server, session, connection, multicastOnly }: TrackSetup): TransportOffer {
  const { mount } = session.options;
  const { tcp = true, udp = true } = mount.transports ?? {};
  const { transport = 'any' } = session;
  const group = isIPv4Peer(connection.peerAddress)
    ? sharedName(server.groups, mount, connection)
    : undefined;
  const { secure } = connection.peer;
  const isFirst = session.transport === undefined;
  const unicast = !(multicastOnly && group !== undefined);
  return {
    tcp: tcp && unicast && ['any', 'tcp'].includes(transport),
    udp: udp && unicast && ['any', 'udp'].includes(transport) && server.udpPorts !== undefined,
    multicast: group !== undefined && ['any', 'multicast'].includes(transport),
    plain: isFirst || session.srtp === undefined,
    plainUdp: !secure,
    srtp: secure && server.srtp !== undefined && (isFirst || session.srtp !== undefined),
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
  [rtp, rtcp]: readonly [number, number],
): TransportSpec {
  const ports = server.udpPorts!;
  const address = connection.peerAddress;
  session.setupUdp(
    track,
    { rtp: ports.peer(address, rtp), rtcp: ports.peer(address, rtcp) },
    ports,
  );
  return {
    profile: profileOf(session),
    lower: 'UDP',
    unicast: true,
    clientPort: [rtp, rtcp],
    serverPort: [ports.ports[0], ports.ports[1]],
    ...announced(session, track),
  };
}

function setUpMulticast(setup: TrackSetup): TransportSpec | undefined {
  const { server, session, connection, track } = setup;
  const { groups } = server;
  const stream = sharedName(groups, session.options.mount, connection);
  const to = session.setupMulticast(track, stream!, groups!);
  if (to === undefined) return undefined;
  return {
    profile: 'RTP/AVP',
    lower: 'UDP',
    unicast: false,
    destination: to.address,
    port: [to.ports[0], to.ports[1]],
    ttl: to.ttl,
  };
}

function profileOf({ srtp }: RtspSession): TransportSpec['profile'] {
  return srtp === undefined ? 'RTP/AVP' : 'RTP/SAVP';
}

function announced(session: RtspSession, track: number): { readonly ssrc?: number } {
  const ssrc = session.announcedSsrc(track);
  return ssrc === undefined ? {} : { ssrc };
}

/** Groups have IPv4 addresses; who talks to us over IPv6 alone could not join them. */
function isIPv4Peer(address: string): boolean {
  return isIPv4(address.replace(/^::ffff:/i, ''));
}
