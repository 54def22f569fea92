import type { Clock } from '@nightjar/common';
import { createMikey, printKeyMgmt, printKeyMgmtAttribute, printMikey } from '@nightjar/rtsp';
import type { RtspConnection } from '../connection.js';
import type { ServerContext } from '../methods/method.js';
import type { Mount } from '../mount.js';
import type { RtspSession } from '../session.js';

/** The key of a stream as a description tells it. */
export interface StreamKeys {
  /** Names the group that is sent under it, with its identifier. */
  readonly groupId: string;
  /** Value of `a=key-mgmt` for a track. */
  attributeOf(ssrc: number | undefined): string;
}

/**
 * The value of `a=key-mgmt` for each track of a mount, by its SSRC, as DESCRIBE tells it on a connection. Undefined where
 * keys must not be told: outside TLS, or when SRTP is not offered.
 */
export function streamKeys(
  { srtp, clock }: ServerContext,
  connection: RtspConnection,
  resource: string,
  mount: Mount,
): StreamKeys | undefined {
  if (srtp === undefined || !connection.peer.secure) return undefined;
  const stream = srtp.tell(connection, resource, mount);
  const { master, sender } = stream;
  return {
    groupId: stream.groupId(true),
    attributeOf: (ssrc = 0) =>
      printKeyMgmtAttribute(
        createMikey(master, [{ ssrc, roc: sender.rocAt(ssrc) }]),
        clock.wallMs(),
      ),
  };
}

/** The KeyMgmt header that answers SETUP of a track (RFC 4567 s.4.2); none in a session without SRTP. */
export function printSessionKeys(
  session: RtspSession,
  track: number,
  uri: string,
  clock: Clock,
): { readonly KeyMgmt?: string } {
  if (session.srtp === undefined) return {};
  const keyed = session.keyedTracks.filter((one) => one.track === track);
  const data = printMikey(session.srtp.describe(keyed), clock.wallMs());
  return { KeyMgmt: printKeyMgmt({ uri, data }) };
}
