import type { ConfigDiff, NightjarConfig } from '@nightjar/config';

/** A stream that a change disturbs. */
export interface Disturbance {
  readonly camera: string;
  readonly stream: string;
  /** Its source ends or is made anew: readers are cut, or wait for it. */
  readonly source: boolean;
  /** What becomes of its recording: it goes on, or was none; a new run begins; or it ends. */
  readonly recording: 'goes-on' | 'begins-anew' | 'ends';
  /** Attached now; undefined when nobody could be asked. */
  readonly readers: number | undefined;
}

/** Readers of a stream, as `readersOf` has them. */
export type ReaderCount = (camera: string, stream: string) => number | undefined;

/** What of that which runs (`before`) is cut by a change; what is new disturbs nobody. */
export function disturbancesOf(
  { before, after }: { readonly before: NightjarConfig; readonly after: NightjarConfig },
  diff: ConfigDiff,
  readers: ReaderCount,
): Disturbance[] {
  const of = (camera: string, stream: string, source: boolean, record: boolean): Disturbance => {
    const cut = isRecorded(before, camera, stream) && (source || record);
    const recording = isRecorded(after, camera, stream) ? 'begins-anew' : 'ends';
    return {
      camera,
      stream,
      source,
      recording: cut ? recording : 'goes-on',
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
  return [...removed, ...changed].filter(
    ({ source, recording }) => source || recording !== 'goes-on',
  );
}

function isRecorded({ cameras }: NightjarConfig, camera: string, stream: string): boolean {
  const declared = Object.hasOwn(cameras, camera) ? cameras[camera] : undefined;
  if (declared === undefined || !Object.hasOwn(declared.streams, stream)) return false;
  return declared.record.some((one) => one.stream === stream && one.mode !== 'off');
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
