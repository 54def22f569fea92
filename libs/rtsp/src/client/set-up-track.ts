import { NightjarError, messageOf } from '@nightjar/common';
import type { RtspResponse } from '../messages/index.js';
import type { SdpTrack } from '../sdp/index.js';
import { ports, request, type Dialogue } from './ask.js';
import type { ClientEnd, ReadyTrack } from './client-output.js';
import type { HandshakeContext, LowerTransport } from './handshake-context.js';
import type { PresentedTrack } from './presentation.js';
import { describeAnswer, endBy, refusesTransport, succeeded } from './status.js';
import { KeyProposal, refusesKeys, type Keying, type TrackKeys } from './track-keys.js';
import {
  carriageOf,
  printWish,
  wishChannels,
  type Carriage,
  type TransportWish,
} from './track-transport.js';

export type SetupOutcome =
  | {
      readonly kind: 'ready';
      readonly carriage: Carriage;
      readonly keys: TrackKeys | undefined;
    }
  | { readonly kind: 'refused'; readonly end: ClientEnd }
  | { readonly kind: 'end'; readonly end: ClientEnd };

/** What is tried when a transport is refused, in order. */
const OTHERS: Readonly<Record<LowerTransport, readonly LowerTransport[]>> = {
  tcp: ['udp'],
  udp: ['tcp'],
  multicast: ['tcp', 'udp'],
};

/** One form in which a track may be asked for. */
interface Way {
  readonly lower: LowerTransport;
  readonly keying: Keying;
}

/** What became of one SETUP; the other forms may still do. */
type Attempt =
  | { readonly kind: 'done'; readonly outcome: SetupOutcome }
  | { readonly kind: 'transport-refused' | 'keys-refused'; readonly end: ClientEnd };

/**
 * SETUP of one track. Until the first track is ready the other transport is tried where one is refused; where keys are
 * refused, keys of the other kind, and then the track without protection, inside TLS.
 */
export function* setUpTrack(
  context: HandshakeContext,
  presented: PresentedTrack,
  ready: readonly ReadyTrack[],
): Dialogue<SetupOutcome> {
  const ways = waysFor(context, presented, ready);
  let refusedLower: LowerTransport | undefined;
  let end: ClientEnd = unprotected();
  for (const way of ways) {
    if (way.keying === 'ours' && way.lower === refusedLower) continue;
    const attempt = yield* ask(context, presented, ready, way);
    if (attempt.kind === 'done') return attempt.outcome;
    ({ end } = attempt);
    refusedLower = attempt.kind === 'transport-refused' ? way.lower : undefined;
  }
  return { kind: 'refused', end };
}

function waysFor(
  { secure, fallback, transport, note }: HandshakeContext,
  { track }: PresentedTrack,
  ready: readonly ReadyTrack[],
): Way[] {
  const inUse = ready[0]?.carriage.lower;
  const rather = inUse === undefined && fallback && transport !== 'tcp' && exceedsDatagrams(track);
  if (rather) note('unfragmented-over-udp');
  const first = inUse ?? (rather ? 'tcp' : transport);
  const lowers = inUse === undefined && fallback ? [first, ...OTHERS[first]] : [first];
  if (!secure) return lowers.map((lower) => ({ lower, keying: 'open' }));
  const ways: Way[] =
    track.srtp === true
      ? lowers.flatMap((lower) => [
          { lower, keying: 'theirs' },
          { lower, keying: 'ours' },
        ])
      : [];
  // What is not SRTP stays inside TLS.
  return inUse !== undefined && inUse !== 'tcp'
    ? ways
    : [...ways, { lower: 'tcp', keying: 'open' }];
}

/**
 * Without fragmentation (RFC 6184 s.6.2) a picture is one packet, which over UDP IP would cut up and networks lose.
 * field: old cameras offer it over any transport.
 */
function exceedsDatagrams({ format }: SdpTrack): boolean {
  return format.codec === 'h264' && format.fmtp['packetization-mode'] === '0';
}

function* ask(
  context: HandshakeContext,
  presented: PresentedTrack,
  ready: readonly ReadyTrack[],
  { lower, keying }: Way,
): Dialogue<Attempt> {
  const { url, keyMgmt, require } = presented;
  let proposal: KeyProposal | undefined;
  try {
    proposal = keying === 'open' ? undefined : new KeyProposal(keying, keyMgmt);
  } catch (error) {
    return { kind: 'keys-refused', end: unreadable(error) };
  }
  const wish = yield* wishFor(lower, ready.length);
  const response = yield* request('SETUP', url, {
    Transport: printWish(wish, keying === 'open' ? 'RTP/AVP' : 'RTP/SAVP'),
    ...(require !== undefined && { Require: require }),
    ...(proposal && { KeyMgmt: proposal.header(url, context.ssrc, context.wallMs()) }),
  });
  if (succeeded(response)) return accepted(context, presented, ready, response, wish, proposal);
  const end = endBy('SETUP', context, response);
  if (end === undefined)
    throw new NightjarError(
      'internal',
      'rtsp/setup-undecided',
      'a SETUP response was neither taken nor refused',
    );
  if (keying !== 'open' && refusesKeys(response)) return { kind: 'keys-refused', end };
  if (refusesTransport(response)) return { kind: 'transport-refused', end };
  const final = end.kind !== 'failed' || end.reason === 'unauthorized';
  return { kind: 'done', outcome: { kind: final ? 'end' : 'refused', end } };
}

function* wishFor(lower: LowerTransport, index: number): Dialogue<TransportWish> {
  if (lower === 'multicast') return { lower };
  return lower === 'tcp' ? wishChannels(index) : { lower, ports: yield* ports(index) };
}

function accepted(
  { fallback, note }: HandshakeContext,
  { track }: PresentedTrack,
  ready: readonly ReadyTrack[],
  response: RtspResponse,
  wish: TransportWish,
  proposal: KeyProposal | undefined,
): Attempt {
  const carriage = carriageOf(response.headers.get('Transport'), wish, track);
  if (carriage === undefined) {
    const instead = wish.lower === 'multicast' ? 'no group to join' : 'UDP';
    const detail = `${describeAnswer('SETUP', response)}, with ${instead} although ${wish.lower.toUpperCase()} was asked for`;
    // The server now holds a session with a transport we do not serve, so it takes a new one.
    const outcome: SetupOutcome =
      ready.length === 0 && fallback
        ? { kind: 'end', end: { kind: 'transport-refused', detail } }
        : { kind: 'refused', end: { kind: 'failed', reason: 'refused', detail } };
    return { kind: 'done', outcome };
  }
  if (carriage.lower === 'udp' && carriage.serverPorts === undefined) note('no-server-ports');
  try {
    const keys = proposal?.agreed(response);
    return { kind: 'done', outcome: { kind: 'ready', carriage, keys } };
  } catch (error) {
    return { kind: 'keys-refused', end: unreadable(error) };
  }
}

function unreadable(error: unknown): ClientEnd {
  if (!(error instanceof NightjarError)) throw error;
  return { kind: 'failed', reason: 'protocol', detail: `SETUP: ${messageOf(error)}` };
}

function unprotected(): ClientEnd {
  const detail = 'SETUP: a track without SRTP beside tracks that go by SRTP over UDP';
  return { kind: 'failed', reason: 'refused', detail };
}
