import type { ExportedStream, ExportOrder } from '@nightjar/catalog';
import { MAX_RANGE_MS } from '../footage-request.js';

/** A stretch of an order that becomes one film. */
export interface ExportPart extends ExportedStream {
  /** Wall time, Unix epoch milliseconds; the end is excluded. */
  readonly startMs: number;
  readonly endMs: number;
}

/** A film per stream, and per day when the range is longer than a clip may be. */
export function partsOf({ streams, startMs, endMs }: ExportOrder): ExportPart[] {
  return streams.flatMap((stream) => {
    const parts: ExportPart[] = [];
    for (let at = startMs; at < endMs; at += MAX_RANGE_MS)
      parts.push({ ...stream, startMs: at, endMs: Math.min(endMs, at + MAX_RANGE_MS) });
    return parts;
  });
}
