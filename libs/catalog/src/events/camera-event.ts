/** Something that happens in front of a camera, or at one of its inputs. */
export interface CameraEvent {
  /** Of the producer's choosing, or ours; unique for a camera. */
  readonly id: string;
  readonly camera: string;
  /** undefined: of the camera as a whole. */
  readonly stream: string | undefined;
  /** `motion`, `person`, an ONVIF topic: what the producer calls it. */
  readonly type: string;
  readonly source: EventSource;
  /** Wall time, Unix epoch milliseconds. */
  readonly startMs: number;
  /** The same as the start for what takes no time; undefined while it goes on. */
  readonly endMs: number | undefined;
}

/** An event with all that its producer said; the words are not ours and may hold anything. */
export interface EventDetails extends CameraEvent {
  readonly label: string | undefined;
  readonly data: Readonly<Record<string, unknown>> | undefined;
}

/** Where an event came in; {@link OWN_SOURCE}: Nightjar tells of a stream itself. */
export type EventSource = 'api' | 'webhook' | 'file' | 'onvif' | typeof OWN_SOURCE;

/** What Nightjar itself tells is for people: it asks for no footage, protects none, and nobody else ends it. */
export const OWN_SOURCE = 'nightjar';

/** No event is longer: it ends by itself. */
export const MAX_EVENT_MS = 86_400_000;
