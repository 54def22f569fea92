/** What somebody wants of a recording: from an instant to another, Unix epoch in milliseconds; without end ±Infinity. */
export interface FootageSpan {
  readonly startMs: number;
  /** Excluded. */
  readonly endMs: number;
  /** It is had in files as they were stored: such a file counts as inside already when a part of it is. */
  readonly inFiles?: boolean;
}

/** Any of the files that were stored: to be asked with before it is known which. */
export const ANY_FILE: FootageSpan = { startMs: -Infinity, endMs: Infinity, inFiles: true };

/** Whether a span lies in `bounds`. */
export function isInside(span: FootageSpan, bounds: FootageSpan): boolean {
  return span.inFiles === true
    ? span.startMs < bounds.endMs && span.endMs > bounds.startMs
    : span.startMs >= bounds.startMs && span.endMs <= bounds.endMs;
}
