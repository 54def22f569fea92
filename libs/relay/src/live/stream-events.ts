import type { Clock } from '@nightjar/common';
import { CAMERA_OFFLINE, loginData, STAND_IN } from '@nightjar/events';
import type { OfflineReason, SourceStats } from '../source/source.js';
import type { Shown } from '../stand-in/stand-in-source.js';
import { OngoingEvent, type StreamEvent } from './ongoing-event.js';

/** A camera that is back sooner was not away: it went on with TCP, or began another stream. */
export const HICCUP_MS = 2_000;

interface EventsOfStream {
  readonly offline: OngoingEvent;
  readonly standIn: OngoingEvent;
}

/**
 * What happens to streams, told to whoever keeps it: `camera-offline` from when media end or could not be had, with the
 * reason as its label, until they come or nobody wants them any more; `stand-in` while players see something else, with what
 * that is.
 */
export class StreamEvents {
  private readonly streams = new Map<string, EventsOfStream>();
  private tell: (event: StreamEvent) => void = () => undefined;

  constructor(private readonly clock: Clock) {}

  /** To be told once, before there are streams. */
  listen(tell: (event: StreamEvent) => void): void {
    this.tell = tell;
  }

  /** There is such a stream from now on: nothing that was told of it before goes on. */
  add(camera: string, stream: string): void {
    const { clock } = this;
    const tell = (event: StreamEvent): void => this.tell(event);
    tell({ type: 'events-over', camera, stream, atMs: clock.wallMs() });
    const of = { camera, stream, clock, tell };
    this.streams.set(key(camera, stream), {
      offline: new OngoingEvent({ ...of, event: CAMERA_OFFLINE, afterMs: HICCUP_MS }),
      standIn: new OngoingEvent({ ...of, event: STAND_IN, afterMs: 0 }),
    });
  }

  /** There is no such stream any more. */
  remove(camera: string, stream: string): void {
    const events = this.streams.get(key(camera, stream));
    events?.offline.ends();
    events?.standIn.ends();
    this.streams.delete(key(camera, stream));
  }

  /** Nothing is told any more, after the ends of all that goes on. */
  close(): void {
    for (const { offline, standIn } of this.streams.values()) {
      offline.ends();
      standIn.ends();
    }
    this.streams.clear();
  }

  online(camera: string, stream: string): void {
    this.streams.get(key(camera, stream))?.offline.ends();
  }

  offline(
    camera: string,
    stream: string,
    reason: OfflineReason,
    login: SourceStats['login'],
  ): void {
    const offline = this.streams.get(key(camera, stream))?.offline;
    if (reason === 'stopped') offline?.ends();
    else offline?.happens(reason, login && loginData(login.refusals, login.retryAtMs));
  }

  shown(camera: string, stream: string, shown: Shown): void {
    const standIn = this.streams.get(key(camera, stream))?.standIn;
    if (shown === 'slate' || shown === 'fallback') standIn?.happens(shown);
    else standIn?.ends();
  }
}

function key(camera: string, stream: string): string {
  return `${camera}/${stream}`;
}
