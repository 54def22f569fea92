import type { CameraEvent } from '@nightjar/catalog';

/** The longest post-roll of the configuration: an event that ended longer ago asks for nothing any more. */
export const RELEVANT_MS = 3_600_000;
/** The longest `maxLength` of the configuration. */
const LONGEST_EVENT_MS = 86_400_000;
/** Events of one camera that are remembered; beyond it those that ended first are forgotten. */
export const MAX_EVENTS_PER_CAMERA = 1_000;

/** The events that may still ask for footage, by camera. */
export class RecentEvents {
  private readonly byCamera = new Map<string, Map<string, CameraEvent>>();

  /** Takes an event as it is now, known or not. */
  note(event: CameraEvent, nowMs: number): void {
    let events = this.byCamera.get(event.camera);
    if (isOver(event, nowMs)) {
      events?.delete(event.id);
      return;
    }
    if (events === undefined) this.byCamera.set(event.camera, (events = new Map()));
    events.set(event.id, event);
    if (events.size > MAX_EVENTS_PER_CAMERA) this.makeRoom(events, nowMs);
  }

  of(camera: string): Iterable<CameraEvent> {
    return this.byCamera.get(camera)?.values() ?? [];
  }

  /** All of them, after the forgotten are gone. */
  all(nowMs: number): CameraEvent[] {
    for (const [camera, events] of this.byCamera) {
      for (const event of events.values()) if (isOver(event, nowMs)) events.delete(event.id);
      if (events.size === 0) this.byCamera.delete(camera);
    }
    return [...this.byCamera.values()].flatMap((events) => [...events.values()]);
  }

  private makeRoom(events: Map<string, CameraEvent>, nowMs: number): void {
    for (const event of events.values()) if (isOver(event, nowMs)) events.delete(event.id);
    while (events.size > MAX_EVENTS_PER_CAMERA) {
      const first = [...events.values()].reduce((a, b) => (endOf(b) < endOf(a) ? b : a));
      events.delete(first.id);
    }
  }
}

function endOf({ startMs, endMs }: CameraEvent): number {
  return Math.min(endMs ?? Infinity, startMs + LONGEST_EVENT_MS);
}

function isOver(event: CameraEvent, nowMs: number): boolean {
  return endOf(event) + RELEVANT_MS < nowMs;
}
