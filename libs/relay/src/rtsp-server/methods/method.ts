import type { Principal } from '@nightjar/access';
import type { Clock } from '@nightjar/common';
import type { RtspRequest, RtspVersion, ServerSessionState } from '@nightjar/rtsp';
import type { ServerLimits } from '../../limits/server-limits.js';
import type { Authenticator } from '../authenticator.js';
import type { Answer, RtspConnection } from '../connection.js';
import type { MountResolver } from '../mount.js';
import type { MulticastGroups } from '../multicast-groups.js';
import type { RtspServerEvents } from '../rtsp-server-events.js';
import type { RtspSession } from '../session.js';
import type { Sessions } from '../sessions.js';
import type { SrtpKeys } from '../srtp/srtp-keys.js';
import type { Pacer } from '../../udp/pacer.js';
import type { UdpPorts } from '../../udp/udp-ports.js';

/** Which methods are served, as answers tell it. */
export interface MethodList {
  /** Value of `Public` in a version. */
  names(version: RtspVersion): string;
  /** Names of those that are valid in a state: the `Allow` header of a 455. */
  allowedIn(state: ServerSessionState, version: RtspVersion): string;
}

/** What the methods share: one per server. */
export interface ServerContext {
  readonly resolver: MountResolver;
  readonly authenticator: Authenticator;
  readonly clock: Clock;
  readonly sessions: Sessions;
  readonly methods: MethodList;
  readonly udpPorts: UdpPorts | undefined;
  /** Undefined when streams are not sent to groups. */
  readonly groups: MulticastGroups | undefined;
  /** Undefined when SRTP is not offered; it is to clients alone that come by TLS. */
  readonly srtp: SrtpKeys | undefined;
  /** Absent: none but those of this protocol. */
  readonly limits?: ServerLimits | undefined;
  readonly pacer: Pacer;
  readonly events: RtspServerEvents;
  readonly cname: string;
  readonly highWaterBytes: number;
  readonly sessionTimeoutSeconds: number;
}

/** One request that is being answered. */
export interface Exchange {
  readonly request: RtspRequest;
  /** Of the request, and so of the answer. */
  readonly version: RtspVersion;
  readonly connection: RtspConnection;
  /** Undefined for a client that did not log in, where that is allowed. */
  readonly principal: Principal | undefined;
  readonly server: ServerContext;
}

interface Registration {
  /** As on the wire: method names are case-sensitive. */
  readonly name: string;
  /** States of a session in which it is valid; in others it is answered 455, where `Allow` lists those that are. */
  readonly states: readonly ServerSessionState[];
  /** Versions that have it; absent: all. */
  readonly versions?: readonly RtspVersion[];
}

/** A method that anybody may use before login, and that needs no session. */
export interface OpenMethod extends Registration {
  readonly kind: 'open';
  answer(exchange: Exchange): Answer;
}

/** A method on what a URL names; it looks for a session itself if it takes one. */
export interface ResourceMethod extends Registration {
  readonly kind: 'resource';
  answer(exchange: Exchange): Promise<Answer>;
}

/** A method on a session that exists and belongs to who asks; others are answered 454. */
export interface SessionMethod extends Registration {
  readonly kind: 'session';
  answer(exchange: Exchange, session: RtspSession): Promise<Answer>;
}

/** How one method of RFC 2326 s.10 or RFC 7826 s.13 is answered. */
export type Method = OpenMethod | ResourceMethod | SessionMethod;

/** Tells that a session began to do what its mount needs rights for. */
export function tellGranted({ events }: ServerContext, { options }: RtspSession): void {
  const { mount, principal, peerAddress } = options;
  if (mount.access !== undefined)
    events.granted?.(mount.access, { principal: principal?.name, address: peerAddress });
}
