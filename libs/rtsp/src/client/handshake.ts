import { NightjarError } from '@nightjar/common';
import type { RtspResponse } from '../messages/index.js';
import { parseSdp, type SdpTrack } from '../sdp/index.js';
import type { ClientEnd, ClientOutput, ReadyTrack } from './client-output.js';
import type { ClientRequest } from './exchange.js';
import { presentationOf, type Presentation } from './presentation.js';
import { describeAnswer, endBy, refusesTransport, succeeded } from './status.js';
import {
  carriageOf,
  printWish,
  wishChannels,
  type Carriage,
  type PortPair,
  type TransportWish,
} from './track-transport.js';

export type LowerTransport = 'tcp' | 'udp';

/** What the dialogue waits for. */
export type Ask =
  | { readonly ask: 'response'; readonly request: ClientRequest }
  | { readonly ask: 'ports'; readonly index: number };

export type Answer = RtspResponse | { readonly kind: 'ports'; readonly ports: PortPair };

type Dialogue<Result> = Generator<Ask, Result, Answer>;

/** What the dialogue is told, and what it finds out on the way. */
export interface HandshakeContext {
  readonly url: string;
  readonly transport: LowerTransport;
  readonly fallback: boolean;
  readonly emit: (output: ClientOutput) => void;
  aggregateUrl: string;
  /** Methods of the Public header, in upper case. */
  publicMethods: ReadonlySet<string>;
}

/**
 * The way from a fresh connection to PLAY: OPTIONS, DESCRIBE, SETUP per track, PLAY (RFC 2326 s.10). One request is in
 * flight at a time. Returns undefined when the server plays, else the end.
 */
export function* handshake(context: HandshakeContext): Dialogue<ClientEnd | undefined> {
  const options = yield* request('OPTIONS', context.url);
  const optionsEnd = endBy('OPTIONS', context.url, options);
  // Some cameras do not know OPTIONS; only what concerns every request ends the dialogue.
  if (optionsEnd?.kind === 'redirected') return optionsEnd;
  if (options.status === 401) return optionsEnd;
  context.publicMethods = methodsOf(options);

  const described = yield* request('DESCRIBE', context.url, { Accept: 'application/sdp' });
  const describeEnd = endBy('DESCRIBE', context.url, described);
  if (describeEnd !== undefined) return describeEnd;
  const presentation = presentationOf(
    parseSdp(described.body.toString('utf8')),
    described,
    context.url,
  );
  context.aggregateUrl = presentation.aggregateUrl;

  const ready: ReadyTrack[] = [];
  const setupEnd = yield* setUpTracks(context, presentation, ready);
  if (setupEnd !== undefined) return setupEnd;

  context.emit({ type: 'starting', tracks: ready });
  const played = yield* request('PLAY', presentation.aggregateUrl, { Range: 'npt=0.000-' });
  return endBy('PLAY', context.url, played);
}

function* setUpTracks(
  context: HandshakeContext,
  presentation: Presentation,
  ready: ReadyTrack[],
): Dialogue<ClientEnd | undefined> {
  let refused: ClientEnd | undefined;
  for (const { track, url } of presentation.tracks) {
    const outcome = yield* setUpTrack(context, url, ready);
    if (outcome.kind === 'end') return outcome.end;
    const problem =
      outcome.kind === 'refused' ? outcome.end : channelConflict(outcome.carriage, ready);
    if (problem === undefined && outcome.kind === 'ready') {
      const added = { index: ready.length, track, carriage: outcome.carriage };
      ready.push(added);
      context.emit({ type: 'track-ready', ready: added });
    } else if (mustHave(track)) {
      return problem;
    } else {
      // field: Dahua refuses the audio of a second user; the picture is worth having alone.
      refused = problem;
    }
  }
  return ready.length > 0 ? undefined : refused;
}

type SetupOutcome =
  | { readonly kind: 'ready'; readonly carriage: Carriage }
  | { readonly kind: 'refused'; readonly end: ClientEnd }
  | { readonly kind: 'end'; readonly end: ClientEnd };

/** SETUP of one track; until the first track is ready, the other transport is tried when one is refused. */
function* setUpTrack(
  context: HandshakeContext,
  url: string,
  ready: readonly ReadyTrack[],
): Dialogue<SetupOutcome> {
  const inUse = ready[0]?.carriage.lower;
  const lower = inUse ?? context.transport;
  const mayChange = inUse === undefined && context.fallback;
  for (const attempt of mayChange ? [lower, other(lower)] : [lower]) {
    const wish: TransportWish =
      attempt === 'tcp'
        ? wishChannels(ready.length)
        : { lower: 'udp', ports: yield* ports(ready.length) };
    const response = yield* request('SETUP', url, { Transport: printWish(wish) });
    if (succeeded(response)) return accepted(response, wish, mayChange);
    if (mayChange && attempt === lower && refusesTransport(response)) continue;
    const end = endBy('SETUP', context.url, response);
    if (end === undefined) break;
    const final = end.kind !== 'failed' || end.reason === 'unauthorized';
    return { kind: final ? 'end' : 'refused', end };
  }
  throw new NightjarError(
    'internal',
    'rtsp/setup-undecided',
    'a SETUP response was neither taken nor refused',
  );
}

function accepted(response: RtspResponse, wish: TransportWish, mayChange: boolean): SetupOutcome {
  const carriage = carriageOf(response.headers.get('Transport'), wish);
  if (carriage !== undefined) return { kind: 'ready', carriage };
  const detail = `${describeAnswer('SETUP', response)}, with UDP although TCP was asked for`;
  // The server now holds a session with a transport we do not serve, so it takes a new one.
  return mayChange
    ? { kind: 'end', end: { kind: 'transport-refused', detail } }
    : { kind: 'refused', end: { kind: 'failed', reason: 'refused', detail } };
}

/** Some servers give every track the same channels; their packets could not be told apart. */
function channelConflict(carriage: Carriage, ready: readonly ReadyTrack[]): ClientEnd | undefined {
  if (carriage.lower !== 'tcp') return undefined;
  const taken = ready.some(
    ({ carriage: used }) =>
      used.lower === 'tcp' &&
      (used.rtpChannel === carriage.rtpChannel || used.rtcpChannel === carriage.rtpChannel),
  );
  if (!taken) return undefined;
  const detail = `SETUP: channel ${carriage.rtpChannel} was given to two tracks`;
  return { kind: 'failed', reason: 'protocol', detail };
}

function mustHave(track: SdpTrack): boolean {
  return track.format.kind === 'video';
}

function other(lower: LowerTransport): LowerTransport {
  return lower === 'tcp' ? 'udp' : 'tcp';
}

function methodsOf(response: RtspResponse): ReadonlySet<string> {
  const names = (response.headers.get('Public') ?? '')
    .split(',')
    .map((name) => name.trim().toUpperCase());
  return new Set(names.filter((name) => name !== ''));
}

function* request(
  method: string,
  uri: string,
  headers: Readonly<Record<string, string>> = {},
): Dialogue<RtspResponse> {
  const answer = yield { ask: 'response', request: { method, uri, headers } };
  if (answer.kind !== 'response') throw unexpected();
  return answer;
}

function* ports(index: number): Dialogue<PortPair> {
  const answer = yield { ask: 'ports', index };
  if (answer.kind !== 'ports') throw unexpected();
  return answer.ports;
}

function unexpected(): NightjarError {
  return new NightjarError(
    'internal',
    'rtsp/unexpected-answer',
    'the session got what it did not ask for',
  );
}
