import type { WallTimeMs } from '@nightjar/common';
import type { NoteTolerance } from '../tolerated.js';
import type { ClientOutput } from './client-output.js';
import type { SessionPolicy } from './session-policy.js';

/** How media travels: inside the connection, in datagrams to us alone, or to a group that we join. */
export type LowerTransport = 'tcp' | 'udp' | 'multicast';

/** What the dialogue is told, and what it finds out on the way. */
export interface HandshakeContext {
  readonly url: string;
  /** Other hosts that redirects may lead to. */
  readonly redirectHosts?: readonly string[] | undefined;
  readonly transport: LowerTransport;
  readonly fallback: boolean;
  /** The connection is inside TLS: keys may be told, and what is not protected itself must stay inside. */
  readonly secure: boolean;
  /** Whether to ask for the back channel, ONVIF Streaming s.5.3. */
  readonly backchannel: boolean;
  /** SSRC of our reports. */
  readonly ssrc: number;
  readonly wallMs: () => WallTimeMs;
  readonly policy: SessionPolicy;
  readonly emit: (output: ClientOutput) => void;
  readonly note: NoteTolerance;
  aggregateUrl: string;
  /** Methods of the Public header, in upper case. */
  publicMethods: ReadonlySet<string>;
}
