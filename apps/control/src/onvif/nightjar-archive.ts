import type { AccessPolicy } from '@nightjar/access';
import type { Catalog, CatalogStream, EventDetails } from '@nightjar/catalog';
import type { Clock } from '@nightjar/common';
import type { CameraConfig, NightjarConfig } from '@nightjar/config';
import {
  invalidValue,
  type ArchivePort,
  type Call,
  type RecordedEvent,
  type Recording,
  type Span,
  type StreamProtocol,
  type TopicDescription,
} from '@nightjar/onvif';
import type { OnvifCaller } from './caller.js';
import { EVENT_TOPICS, RECORDING_TOPIC, stateEvent } from './nightjar-events.js';
import type { RecordedFacts } from './stream-facts.js';
import { cameraToken, streamToken } from './stream-tokens.js';

export interface NightjarArchiveOptions {
  readonly catalog: Pick<Catalog, 'timeline' | 'events'>;
  readonly config: () => NightjarConfig;
  readonly policy: AccessPolicy;
  readonly clock: Pick<Clock, 'wallMs'>;
  readonly facts: Pick<RecordedFacts, 'of' | 'at'>;
  /** How old the newest footage may be while a stream is recorded. */
  readonly patienceMs: () => number;
}

interface Place {
  readonly camera: string;
  readonly stream: string;
}

/** Interruptions that are shorter do not end a recording. */
const RESOLUTION_MS = 2_000;
/** What is looked through at once, whatever is asked for. */
const WINDOW_MS = 86_400_000;
const MAX_EVENTS = 10_000;
/** Half of what is looked at around a time, to find the footage that holds it. */
const AROUND_MS = 3_600_000;

/** The catalog as ONVIF knows recordings: each stream of each camera is one, from its first second to its last. */
export class NightjarArchive implements ArchivePort<OnvifCaller> {
  constructor(private readonly options: NightjarArchiveOptions) {}

  async recordings(caller: OnvifCaller): Promise<readonly Recording[]> {
    const { catalog, facts, policy } = this.options;
    const known = await catalog.timeline.streams();
    const places = this.places(known).filter(
      ({ camera }) => policy.decide(caller, 'playback', camera) === 'allow',
    );
    const all = await facts.of(places);
    return places.map((place, index) =>
      this.recording(
        place,
        known.find(({ camera, stream }) => camera === place.camera && stream === place.stream),
        all[index]?.audio !== undefined,
      ),
    );
  }

  async attributes(
    recording: Recording,
    atMs: number,
  ): ReturnType<ArchivePort<OnvifCaller>['attributes']> {
    const place = placeOf(recording);
    const around = { startMs: atMs - AROUND_MS, endMs: atMs + AROUND_MS };
    const found = (await this.footage(place, around)).find(
      ({ startMs, endMs }) => startMs <= atMs && atMs < endMs,
    );
    if (found === undefined) return undefined;
    const { camera, stream } = place;
    const facts = await this.options.facts.at(camera, stream, atMs);
    return { startMs: found.startMs, endMs: found.endMs, ...facts };
  }

  async *events(
    recordings: readonly Recording[],
    span: Span,
    backwards: boolean,
  ): AsyncGenerator<RecordedEvent> {
    for (const window of windowsOf(this.bounded(recordings, span), backwards)) {
      const found: RecordedEvent[] = [];
      for (const recording of recordings) found.push(...(await this.changes(recording, window)));
      found.sort((a, b) => a.event.atMs - b.event.atMs);
      yield* backwards ? found.toReversed() : found;
    }
  }

  async statesAt(recordings: readonly Recording[], atMs: number): Promise<RecordedEvent[]> {
    const all: RecordedEvent[] = [];
    for (const recording of recordings) {
      const place = placeOf(recording);
      const at = { startMs: atMs, endMs: atMs + 1 };
      const add = (description: TopicDescription, token: string, on: boolean): void => {
        const event = stateEvent(description, token, on, atMs, 'Initialized');
        all.push({ recording, event });
      };
      // What is being recorded is known when its segment is closed.
      const goesOn = recording.growing && atMs >= (recording.latestMs ?? Infinity);
      const on = goesOn || (await this.footage(place, at)).length > 0;
      add(RECORDING_TOPIC, recording.token, on);
      const going = await this.happened(place, at);
      for (const [type, description] of Object.entries(EVENT_TOPICS))
        add(
          description,
          cameraToken(place.camera),
          going.some((event) => event.type === type && event.startMs <= atMs),
        );
    }
    return all;
  }

  replayUri(recording: Recording, protocol: StreamProtocol, { origin }: Call<OnvifCaller>): string {
    if (protocol.endsWith('Multicast'))
      throw invalidValue('recordings are not sent by multicast', 'ter:InvalidStreamSetup');
    const { camera, stream } = placeOf(recording);
    const path = stream === 'main' ? camera : `${camera}/${stream}`;
    const { port } = this.options.config().rtsp;
    return `rtsp://${new URL(origin).hostname}:${port}/playback/${path}`;
  }

  ownerOf(caller: OnvifCaller): string {
    return caller?.name ?? '';
  }

  /** Streams that are to be recorded, and those that were. */
  private places(known: readonly CatalogStream[]): Place[] {
    const declared = Object.values(this.options.config().cameras).flatMap(({ name, record }) =>
      record.filter(({ mode }) => mode !== 'off').map(({ stream }) => ({ camera: name, stream })),
    );
    const recorded = known.filter(({ oldestMs }) => oldestMs !== undefined);
    const all = [...declared, ...recorded].map(({ camera, stream }) => ({ camera, stream }));
    return [...new Map(all.map((place) => [`${place.camera}/${place.stream}`, place])).values()];
  }

  private recording(
    { camera, stream }: Place,
    known: CatalogStream | undefined,
    hasAudio: boolean,
  ): Recording {
    const { config, clock, patienceMs } = this.options;
    const { cameras, onvif } = config();
    const declared = Object.hasOwn(cameras, camera) ? cameras[camera] : undefined;
    const newestMs = known?.newestMs;
    const token = streamToken(camera, stream);
    return {
      token,
      name: camera,
      location: onvif.location ?? '',
      description: stream,
      sourceId: sourceIdOf(camera, stream),
      profile: declared?.streams[stream] === undefined ? undefined : token,
      earliestMs: known?.oldestMs,
      latestMs: newestMs,
      growing: newestMs !== undefined && clock.wallMs() - newestMs < patienceMs(),
      hasAudio,
      retentionMs: declared?.retention.maxAgeMs ?? 0,
      priority: isRecorded(declared, stream) ? declared?.priority : undefined,
    };
  }

  /** No footage lies outside: there is nothing to look for there. */
  private bounded(recordings: readonly Recording[], { startMs, endMs }: Span): Span {
    const earliest = recordings.flatMap(({ earliestMs }) => earliestMs ?? []);
    return {
      startMs: Math.max(startMs, Math.min(endMs, ...earliest)),
      endMs: Math.min(endMs, this.options.clock.wallMs()),
    };
  }

  private async footage({ camera, stream }: Place, span: Span): Promise<readonly Span[]> {
    const { recorded } = await this.options.catalog.timeline.timeline({
      ...span,
      camera,
      stream,
      nowMs: this.options.clock.wallMs(),
      resolutionMs: RESOLUTION_MS,
    });
    return recorded;
  }

  private async happened({ camera, stream }: Place, span: Span): Promise<EventDetails[]> {
    const types = Object.keys(EVENT_TOPICS);
    const all = await this.options.catalog.events.inRange({
      camera,
      ...span,
      types,
      limit: MAX_EVENTS,
    });
    return all.filter((event) => event.stream === undefined || event.stream === stream);
  }

  /** What changed in a window. Footage that only goes on into it does not begin there. */
  private async changes(recording: Recording, window: Span): Promise<RecordedEvent[]> {
    const place = placeOf(recording);
    const found: RecordedEvent[] = [];
    const add = (description: TopicDescription, token: string, on: boolean, atMs: number): void => {
      if (atMs < window.startMs || atMs >= window.endMs) return;
      found.push({ recording, event: stateEvent(description, token, on, atMs) });
    };
    // A little more, to see whether footage goes on beyond the window.
    const wide = { startMs: window.startMs - RESOLUTION_MS, endMs: window.endMs + RESOLUTION_MS };
    for (const { startMs, endMs } of await this.footage(place, wide)) {
      if (startMs > wide.startMs) add(RECORDING_TOPIC, recording.token, true, startMs);
      if (endMs < wide.endMs && !(recording.growing && endMs >= (recording.latestMs ?? 0)))
        add(RECORDING_TOPIC, recording.token, false, endMs);
    }
    for (const { type, startMs, endMs } of await this.happened(place, window)) {
      const description = EVENT_TOPICS[type];
      if (description === undefined) continue;
      const token = cameraToken(place.camera);
      add(description, token, true, startMs);
      if (endMs !== undefined) add(description, token, false, endMs);
    }
    return found;
  }
}

const SOURCE = 'urn:nightjar:';

function sourceIdOf(camera: string, stream: string): string {
  return `${SOURCE}${camera}:${stream}`;
}

/** Names of ours have no colon. */
function placeOf({ sourceId }: Recording): Place {
  const [camera = '', stream = ''] = sourceId.slice(SOURCE.length).split(':');
  return { camera, stream };
}

function isRecorded(camera: CameraConfig | undefined, stream: string): boolean {
  return camera?.record.some((one) => one.stream === stream && one.mode !== 'off') === true;
}

function* windowsOf({ startMs, endMs }: Span, backwards: boolean): Generator<Span> {
  if (backwards) {
    for (let end = endMs; end > startMs; end -= WINDOW_MS)
      yield { startMs: Math.max(startMs, end - WINDOW_MS), endMs: end };
  } else {
    for (let start = startMs; start < endMs; start += WINDOW_MS)
      yield { startMs: start, endMs: Math.min(endMs, start + WINDOW_MS) };
  }
}
