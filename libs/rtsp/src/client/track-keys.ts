import type { WallTimeMs } from '@nightjar/common';
import { createMasterKey, type SrtpMasterKey } from '@nightjar/rtp';
import { parseKeyMgmt, printKeyMgmt } from '../headers/index.js';
import type { RtspResponse } from '../messages/index.js';
import {
  createMikey,
  parseKeyMgmtAttribute,
  parseMikey,
  printMikey,
  type MikeyMessage,
} from '../mikey/index.js';

/** By which status a server refuses keys: RFC 4567 s.4.2 in RTSP 1.0, RFC 7826 s.17.4.31 in 2.0. */
const KEY_REFUSALS: ReadonlySet<number> = new Set([463, 466]);

/** SRTP of one track, as client and server agreed on it. */
export interface TrackKeys {
  /** What the server protects with. */
  readonly receive: SrtpMasterKey;
  /** Rollover counters of what it sends, by SSRC, where it told them. */
  readonly rocs: ReadonlyMap<number, number>;
  /** What our reports are to be protected with. */
  readonly send: SrtpMasterKey;
}

/**
 * Who chooses the key. `theirs`: the server, which is the rule. `ours`: the client, for both directions, with an
 * identifier of 4 bytes (field: Axis, which refuses anything else with 463). `open`: nobody, the track is not protected.
 */
export type Keying = 'theirs' | 'ours' | 'open';

export function refusesKeys(response: RtspResponse): boolean {
  return KEY_REFUSALS.has(response.status);
}

/** The keys of one SETUP: what goes out with it, and what its answer makes of that. */
export class KeyProposal {
  private readonly own: SrtpMasterKey;
  private readonly offered: MikeyMessage | undefined;

  /**
   * @param offered value of `a=key-mgmt`, where the SDP has one
   * @throws NightjarError `protocol` when it cannot be read, and it is for the server to choose
   */
  constructor(
    private readonly keying: 'theirs' | 'ours',
    offered: string | undefined,
  ) {
    const fresh = createMasterKey();
    this.own = keying === 'ours' ? fresh : { ...fresh, mki: Buffer.alloc(0) };
    this.offered =
      keying === 'ours' || offered === undefined ? undefined : parseKeyMgmtAttribute(offered);
  }

  /** KeyMgmt header of the request. @param ssrc that of our reports */
  header(uri: string, ssrc: number, now: WallTimeMs): string {
    const message = createMikey(this.sent, [{ ssrc, roc: 0 }]);
    return printKeyMgmt({ uri, data: printMikey(message, now) });
  }

  /** @throws NightjarError `protocol` when the keys of the answer cannot be read */
  agreed(response: RtspResponse): TrackKeys {
    const answered = parseKeyMgmt(response.headers.get('KeyMgmt') ?? '');
    const told = answered === undefined ? this.offered : parseMikey(answered.data);
    const rocs = new Map(told?.sessions.map(({ ssrc, roc }) => [ssrc, roc]));
    const receive = this.keying === 'ours' ? this.own : (told?.key ?? this.own);
    return { receive, rocs, send: this.sent };
  }

  /** field: who tells a key with an identifier uses it both ways, and wants it repeated (live555). */
  private get sent(): SrtpMasterKey {
    const { own, offered } = this;
    return offered !== undefined && offered.key.mki.length > 0 ? offered.key : own;
  }
}
