import type { SdpTrack } from '../sdp/index.js';
import type { MikeyMessage } from '../mikey/index.js';
import type { SignallingTolerance } from '../tolerated.js';
import type { TrackKeys } from './track-keys.js';
import type { Carriage } from './track-transport.js';

/** Why a client session failed; a bounded set. */
export type ClientFailure =
  'refused' | 'timeout' | 'unauthorized' | 'not-found' | 'protocol' | 'closed';

/** A track that the server agreed to send. */
export interface ReadyTrack {
  /** Position among the tracks that are set up, in SDP order. */
  readonly index: number;
  readonly track: SdpTrack;
  readonly carriage: Carriage;
  /** How its packets are protected; absent where they are not. */
  readonly keys?: TrackKeys | undefined;
}

/** How a session ended. Nothing comes out of a session after its end. */
export type ClientEnd =
  | { readonly kind: 'failed'; readonly reason: ClientFailure; readonly detail: string }
  /** The same host wants to be asked under another URL (RFC 2326 s.11.2, s.10.10). */
  | { readonly kind: 'redirected'; readonly url: string }
  /** The other transport must be tried, over a new connection. */
  | { readonly kind: 'transport-refused'; readonly detail: string }
  | { readonly kind: 'stopped' };

/** What a session asks of the one who owns its connection, in order. */
export type ClientOutput =
  | { readonly type: 'send'; readonly bytes: Buffer }
  /** A UDP port pair is needed for the track with this index; answer with `ClientSession.ports`. */
  | { readonly type: 'need-ports'; readonly index: number }
  | { readonly type: 'track-ready'; readonly ready: ReadyTrack }
  /** The server is asked for its back channel: what goes wrong from here on may be because of that. */
  | { readonly type: 'asking-backchannel' }
  /** The server takes audio; the index is the one after those of the tracks that it sends. */
  | { readonly type: 'backchannel-ready'; readonly ready: ReadyTrack }
  /** PLAY is on its way: media may arrive from now on, also before its response. */
  | { readonly type: 'starting'; readonly tracks: readonly ReadyTrack[] }
  | { readonly type: 'playing' }
  /** The server goes on under another key (ONVIF Streaming s.8.2.1.2). */
  | { readonly type: 'rekey'; readonly message: MikeyMessage }
  /** The server does what it should not, which was borne. */
  | { readonly type: 'tolerated'; readonly what: SignallingTolerance }
  | { readonly type: 'ended'; readonly end: ClientEnd };
