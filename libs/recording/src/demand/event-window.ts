import type { CameraEvent } from '@nightjar/catalog';
import type { EventRecordConfig } from '@nightjar/config';
import { mergeSpans, type Span } from './spans.js';

/**
 * The time that is wanted because of events, as spans that neither touch nor overlap: each event from its pre-roll to the end
 * of its post-roll. One that goes on counts as ended after `maxLengthMs`, and so does one that was longer.
 * @param events of the camera, in any order; those of other streams or types are passed over
 */
export function eventWindow(
  events: Iterable<CameraEvent>,
  stream: string,
  { types, preRollMs, postRollMs, maxLengthMs }: EventRecordConfig,
): Span[] {
  const spans: Span[] = [];
  for (const event of events) {
    if (event.stream !== undefined && event.stream !== stream) continue;
    if (types !== undefined && !types.includes(event.type)) continue;
    const longest = event.startMs + maxLengthMs;
    spans.push({
      startMs: event.startMs - preRollMs,
      endMs: Math.min(event.endMs ?? longest, longest) + postRollMs,
    });
  }
  return mergeSpans(spans);
}
