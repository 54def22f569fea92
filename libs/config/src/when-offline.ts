import type { KeyPath } from './config-text.js';
import type { Report } from './report.js';
import type { WhenOfflineConfig } from './model.js';
import type { CameraEntry, ConfigFile } from './schema.js';

type Streams = CameraEntry['streams'];
type Entry = Exclude<Streams[string], string>['whenOffline'];

const HOLD: WhenOfflineConfig = { strategy: 'hold', fallback: undefined, afterMs: 2_000 };

/** By stream. */
export function toWhenOffline(
  camera: string,
  streams: Streams,
): Readonly<Record<string, WhenOfflineConfig>> {
  return Object.fromEntries(
    Object.entries(streams).map(([stream, entry]) => [
      stream,
      typeof entry === 'string' ? HOLD : expand(camera, entry.whenOffline),
    ]),
  );
}

function expand(camera: string, entry: Entry): WhenOfflineConfig {
  if (typeof entry === 'string') return { ...HOLD, strategy: entry };
  const { strategy, fallback, after } = entry;
  return {
    strategy,
    fallback: fallback === undefined ? undefined : streamNamed(camera, fallback),
    afterMs: after,
  };
}

/** `<stream>` of the same camera, or `<camera>/<stream>`. */
function streamNamed(
  camera: string,
  name: string,
): { readonly camera: string; readonly stream: string } {
  const slash = name.indexOf('/');
  return slash < 0
    ? { camera, stream: name }
    : { camera: name.slice(0, slash), stream: name.slice(slash + 1) };
}

/** Whether the other stream is there, and another. */
export function checkWhenOffline(
  camera: string,
  stream: string,
  entry: Entry,
  file: ConfigFile,
  report: Report,
): void {
  if (typeof entry === 'string') return;
  const at: KeyPath = ['cameras', camera, 'streams', stream, 'whenOffline'];
  const { strategy, fallback } = entry;
  if (strategy !== 'fallback') {
    if (fallback !== undefined)
      report([...at, 'fallback'], 'has a meaning with strategy: fallback only', 'key');
    return;
  }
  if (fallback === undefined) {
    report(at, 'strategy: fallback needs the name of a stream: fallback', 'key');
    return;
  }
  const other = streamNamed(camera, fallback);
  const streams = Object.hasOwn(file.cameras, other.camera)
    ? file.cameras[other.camera]!.streams
    : undefined;
  if (streams === undefined) report([...at, 'fallback'], `there is no camera "${other.camera}"`);
  else if (!Object.hasOwn(streams, other.stream))
    report(
      [...at, 'fallback'],
      `camera ${other.camera} has no stream "${other.stream}"; it has ${Object.keys(streams).join(', ')}`,
    );
  else if (other.camera === camera && other.stream === stream)
    report([...at, 'fallback'], 'a stream cannot take its own place');
}
