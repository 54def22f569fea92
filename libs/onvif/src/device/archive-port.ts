import type { AudioEncoding, StreamProtocol, VideoEncoding } from './media-port.js';
import type { Call } from './operation.js';
import type { OnvifEvent } from './pull-points.js';

export const VIDEO_TRACK = 'VIDEO001';
export const AUDIO_TRACK = 'AUDIO001';

/** Footage of one source, from its first second to its last. ONVIF Recording s.4. */
export interface Recording {
  readonly token: string;
  /** Of the camera, in words. */
  readonly name: string;
  readonly location: string;
  /** Of the stream, in words. */
  readonly description: string;
  /** URI that names the source. */
  readonly sourceId: string;
  /** Profile that it is recorded from; undefined when there is none any more. */
  readonly profile: string | undefined;
  /** Undefined while there is no footage. */
  readonly earliestMs: number | undefined;
  readonly latestMs: number | undefined;
  /** Whether it grows now. */
  readonly growing: boolean;
  readonly hasAudio: boolean;
  /** Footage is deleted at this age; 0 = never because of it. */
  readonly retentionMs: number;
  /** Undefined: nothing is to be recorded. 0 to 100. */
  readonly priority: number | undefined;
}

export interface Span {
  readonly startMs: number;
  readonly endMs: number;
}

/** An event and the recording that it belongs to. */
export interface RecordedEvent {
  readonly recording: Recording;
  readonly event: OnvifEvent;
}

/** What was recorded, as each caller may see it. */
export interface ArchivePort<C> {
  recordings(caller: C): Promise<readonly Recording[]>;
  /** What the footage at a time is made of, and from when to when; undefined where there is none. */
  attributes(
    recording: Recording,
    atMs: number,
  ): Promise<
    (Span & { readonly video?: VideoEncoding; readonly audio?: AudioEncoding }) | undefined
  >;
  /** Events in a span, in order of time, or against it. */
  events(
    recordings: readonly Recording[],
    span: Span,
    backwards: boolean,
  ): AsyncGenerator<RecordedEvent>;
  /** All states as they were at a time. */
  statesAt(recordings: readonly Recording[], atMs: number): Promise<readonly RecordedEvent[]>;
  /** @throws SoapFault for a protocol that is not served */
  replayUri(recording: Recording, protocol: StreamProtocol, call: Call<C>): string;
  /** Names the caller; who has the same name may go on with a search. */
  ownerOf(caller: C): string;
}
