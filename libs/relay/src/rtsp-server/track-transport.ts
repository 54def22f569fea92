import { isIPv4 } from 'node:net';
import { chooseTransport, type TransportOffer, type TransportSpec } from '@nightjar/rtsp';
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
}

/** The name under which the mount can be sent to a group; undefined where it cannot. */
export function sharedName(groups: MulticastGroups | undefined, mount: Mount): string | undefined {
  return groups === undefined ? undefined : mount.shared;
}

/**
 * Sets one track up for the first transport of a client's list that we can serve.
 * @returns what to answer; undefined for 461
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
  if (chosen.kind === 'tcp') return setUpTcp(setup, chosen.interleaved);
  if (chosen.kind === 'multicast') return setUpMulticast(setup);
  return setUpUdp(setup, chosen.clientPort);
}

/** One session, one transport: mixing them would split a picture from its sound. */
function offerOf({ server, session, connection, multicastOnly }: TrackSetup): TransportOffer {
  const { mount } = session.options;
  const { tcp = true, udp = true } = mount.transports ?? {};
  const { transport = 'any' } = session;
  const group = isIPv4Peer(connection.peerAddress) ? sharedName(server.groups, mount) : undefined;
  const unicast = !(multicastOnly && group !== undefined);
  return {
    tcp: tcp && unicast && ['any', 'tcp'].includes(transport),
    udp: udp && unicast && ['any', 'udp'].includes(transport) && server.udpPorts !== undefined,
    multicast: group !== undefined && ['any', 'multicast'].includes(transport),
  };
}

function setUpTcp(
  { session, connection, track }: TrackSetup,
  [rtp, rtcp]: readonly [number, number],
): TransportSpec {
  session.setupTcp(track, rtp, connection);
  return {
    profile: 'RTP/AVP',
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
    profile: 'RTP/AVP',
    lower: 'UDP',
    unicast: true,
    clientPort: [rtp, rtcp],
    serverPort: [ports.ports[0], ports.ports[1]],
    ...announced(session, track),
  };
}

function setUpMulticast({ server, session, track }: TrackSetup): TransportSpec | undefined {
  const { groups } = server;
  const stream = sharedName(groups, session.options.mount);
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

function announced(session: RtspSession, track: number): { readonly ssrc?: number } {
  const ssrc = session.announcedSsrc(track);
  return ssrc === undefined ? {} : { ssrc };
}

/** Groups have IPv4 addresses; who talks to us over IPv6 alone could not join them. */
function isIPv4Peer(address: string): boolean {
  return isIPv4(address.replace(/^::ffff:/i, ''));
}
