import type { ConfigDiff, NightjarConfig } from '@nightjar/config';

/** A stream that a change disturbs. */
export interface Disturbance {
  readonly camera: string;
  readonly stream: string;
  /** Its source ends or is made anew: readers are cut, or wait for it. */
  readonly source: boolean;
  /** A recording of it ends, and begins anew if it is still wanted. */
  readonly recording: boolean;
  /** Attached now; undefined when nobody could be asked. */
  readonly readers: number | undefined;
}

/** Readers of a stream, as `readersOf` has them. */
export type ReaderCount = (camera: string, stream: string) => number | undefined;

/** What of that which runs (`before`) is cut by a change; what is new disturbs nobody. */
export function disturbancesOf(
  before: NightjarConfig,
  diff: ConfigDiff,
  readers: ReaderCount,
): Disturbance[] {
  const of = (camera: string, stream: string, source: boolean, record: boolean): Disturbance => {
    const declared = before.cameras[camera];
    const recorded =
      declared?.record.some((one) => one.stream === stream && one.mode !== 'off') === true;
    return {
      camera,
      stream,
      source,
      recording: recorded && (source || record),
      readers: source ? readers(camera, stream) : 0,
    };
  };
  const removed = diff.cameras.removed.flatMap((camera) =>
    Object.keys(before.cameras[camera]?.streams ?? {}).map((stream) =>
      of(camera, stream, true, true),
    ),
  );
  const changed = diff.cameras.changed.flatMap(({ camera, streams, record }) =>
    Object.keys(before.cameras[camera]?.streams ?? {}).map((stream) =>
      of(camera, stream, [...streams.changed, ...streams.removed].includes(stream), record),
    ),
  );
  return [...removed, ...changed].filter(({ source, recording }) => source || recording);
}

const SAMPLE = /^nightjar_readers\{(.*)\} (\d+)$/gm;

/** Counts from a page of /metrics. */
export function readersOf(page: string): ReaderCount {
  const counts = new Map<string, number>();
  for (const [, labels = '', value] of page.matchAll(SAMPLE)) {
    const label = (name: string): string =>
      new RegExp(`\\b${name}="([^"]*)"`).exec(labels)?.[1] ?? '';
    const key = `${label('camera')}/${label('stream')}`;
    counts.set(key, (counts.get(key) ?? 0) + Number(value));
  }
  return (camera, stream) => counts.get(`${camera}/${stream}`) ?? 0;
}
