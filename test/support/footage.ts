import type { SegmentFacts } from '@nightjar/catalog';

export const HOUR_MS = 3_600_000;
export const MINUTE_MS = 60_000;
/** A round moment the made-up footage hangs on. */
export const EPOCH_MS = Date.UTC(2026, 10, 20, 12);

/** The path of a segment as the volume format has it. */
export function segmentPath(
  camera: string,
  stream: string,
  run: string,
  sequence: number,
  startMs: number,
): string {
  const iso = new Date(startMs).toISOString();
  const stamp = iso.replaceAll('-', '').replaceAll(':', '');
  return `${camera}/${stream}/${iso.slice(0, 4)}/${iso.slice(5, 7)}/${iso.slice(8, 10)}/${iso.slice(11, 13)}/${stamp}_${run}_${String(sequence).padStart(6, '0')}.mp4`;
}

/** One minute of made-up footage: segment `sequence` of a run that began at `runStartMs`. */
export function segmentFacts(
  run: string,
  sequence: number,
  options: Partial<SegmentFacts> & { runStartMs?: number } = {},
): SegmentFacts {
  const { runStartMs = EPOCH_MS, ...facts } = options;
  const camera = facts.camera ?? 'front';
  const stream = facts.stream ?? 'main';
  const startMs = facts.startMs ?? runStartMs + sequence * MINUTE_MS;
  return {
    run,
    sequence,
    camera,
    stream,
    path: segmentPath(camera, stream, run, sequence, startMs),
    startMs,
    endMs: startMs + MINUTE_MS,
    bytes: 1_000,
    keyframes: 60,
    hash: `${run}${sequence}`,
    recovered: false,
    codecs: ['h264'],
    ...facts,
  };
}
