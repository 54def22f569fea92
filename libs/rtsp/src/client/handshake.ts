import type { RtspResponse } from '../messages/index.js';
import { parseSdp, type SdpTrack } from '../sdp/index.js';
import { ONVIF_BACKCHANNEL } from '../server/method-rules.js';
import { request, type Dialogue } from './ask.js';
import type { ClientEnd, ReadyTrack } from './client-output.js';
import type { HandshakeContext } from './handshake-context.js';
import { presentationOf, type Presentation } from './presentation.js';
import { setUpTrack } from './set-up-track.js';
import { endBy } from './status.js';
import type { Carriage } from './track-transport.js';

const REQUIRE_BACKCHANNEL = { Require: ONVIF_BACKCHANNEL };
const RANGES = { start: 'npt=0.000-', now: 'npt=now-', none: undefined } as const;
/** Header field not valid for resource, invalid range (RFC 2326 s.11.3.7, s.11.3.8): live is played without one. */
const RANGE_REFUSALS: ReadonlySet<number> = new Set([456, 457]);
/** What is answered so would be answered so without the back channel. */
const FINAL_STATUSES: ReadonlySet<number> = new Set([401, 403, 404]);

/**
 * The way from a fresh connection to PLAY: OPTIONS, DESCRIBE, SETUP per track, PLAY (RFC 2326 s.10). One request is in
 * flight at a time. Returns undefined when the server plays, else the end.
 */
export function* handshake(context: HandshakeContext): Dialogue<ClientEnd | undefined> {
  const options = yield* request('OPTIONS', context.url);
  const optionsEnd = endBy('OPTIONS', context, options);
  // Some cameras do not know OPTIONS; only what concerns every request ends the dialogue.
  if (optionsEnd?.kind === 'redirected') return optionsEnd;
  if (options.status === 401) return optionsEnd;
  if (optionsEnd !== undefined) context.note('options-unknown');
  context.publicMethods = methodsOf(options);

  const described = yield* describe(context);
  const describeEnd = endBy('DESCRIBE', context, described);
  if (describeEnd !== undefined) return describeEnd;
  const sdp = parseSdp(described.body.toString('utf8'), context.note);
  const presentation = presentationOf(sdp, described, context);
  context.aggregateUrl = presentation.aggregateUrl;

  const ready: ReadyTrack[] = [];
  const setupEnd = yield* setUpTracks(context, presentation, ready);
  if (setupEnd !== undefined) return setupEnd;

  const talks = yield* setUpBackchannel(context, presentation, ready);

  context.emit({ type: 'starting', tracks: ready });
  return endBy('PLAY', context, yield* play(context, talks));
}

function* play(
  { aggregateUrl, policy, note }: HandshakeContext,
  talks: boolean,
): Dialogue<RtspResponse> {
  const required: Readonly<Record<string, string>> = talks ? REQUIRE_BACKCHANNEL : {};
  // field: GStreamer takes 0 for a seek, which a back channel cannot do.
  const from = policy.playRange === 'auto' ? (talks ? 'now' : 'start') : policy.playRange;
  const range = RANGES[from];
  if (range === undefined) return yield* request('PLAY', aggregateUrl, required);
  const played = yield* request('PLAY', aggregateUrl, { ...required, Range: range });
  if (!RANGE_REFUSALS.has(played.status)) return played;
  note('range-refused');
  return yield* request('PLAY', aggregateUrl, required);
}

function* describe({ url, backchannel, note }: HandshakeContext): Dialogue<RtspResponse> {
  const headers = { Accept: 'application/sdp' };
  if (backchannel) {
    const response = yield* request('DESCRIBE', url, { ...headers, ...REQUIRE_BACKCHANNEL });
    if (response.status < 400 || FINAL_STATUSES.has(response.status)) return response;
    note('back-channel-refused');
  }
  return yield* request('DESCRIBE', url, headers);
}

/** @returns whether the server takes audio; one that does not is as good as any */
function* setUpBackchannel(
  context: HandshakeContext,
  { backchannel }: Presentation,
  ready: readonly ReadyTrack[],
): Dialogue<boolean> {
  // Where the media come by multicast, there is no way back.
  const grouped = ready[0]?.carriage.lower === 'multicast';
  if (!context.backchannel && backchannel !== undefined) context.note('unasked-back-channel');
  if (!context.backchannel || backchannel === undefined || grouped) return false;
  context.emit({ type: 'asking-backchannel' });
  const { srtp: _, ...track } = backchannel.track;
  const presented = { ...backchannel, track, require: ONVIF_BACKCHANNEL };
  const outcome = yield* setUpTrack(context, presented, ready);
  if (outcome.kind !== 'ready' || channelConflict(outcome.carriage, ready) !== undefined) {
    context.note('back-channel-refused');
    return false;
  }
  const added = { index: ready.length, track, carriage: outcome.carriage };
  context.emit({ type: 'backchannel-ready', ready: added });
  return true;
}

function* setUpTracks(
  context: HandshakeContext,
  presentation: Presentation,
  ready: ReadyTrack[],
): Dialogue<ClientEnd | undefined> {
  let refused: ClientEnd | undefined;
  for (const presented of presentation.tracks) {
    const { track } = presented;
    const outcome = yield* setUpTrack(context, presented, ready);
    if (outcome.kind === 'end') return outcome.end;
    const problem =
      outcome.kind === 'refused' ? outcome.end : channelConflict(outcome.carriage, ready);
    if (problem === undefined && outcome.kind === 'ready') {
      const { carriage, keys } = outcome;
      const added = { index: ready.length, track, carriage, keys };
      ready.push(added);
      context.emit({ type: 'track-ready', ready: added });
    } else if (mustHave(track)) {
      return problem;
    } else {
      // field: Dahua refuses the audio of a second user; the picture is worth having alone.
      context.note(outcome.kind === 'refused' ? 'sound-refused' : 'channels-twice');
      refused = problem;
    }
  }
  return ready.length > 0 ? undefined : refused;
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

function methodsOf(response: RtspResponse): ReadonlySet<string> {
  const names = (response.headers.get('Public') ?? '')
    .split(',')
    .map((name) => name.trim().toUpperCase());
  return new Set(names.filter((name) => name !== ''));
}
