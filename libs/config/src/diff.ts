import { isDeepStrictEqual } from 'node:util';
import type { CameraConfig, NightjarConfig } from './model.js';

/** What differs between two configurations, by what has to be done about it. */
export interface ConfigDiff {
  readonly cameras: {
    readonly added: readonly string[];
    readonly removed: readonly string[];
    readonly changed: readonly CameraChange[];
  };
  readonly usersChanged: boolean;
  /** Other top-level keys whose change takes effect at once. */
  readonly live: readonly string[];
  /** Top-level keys whose change takes effect only after a restart. */
  readonly restartOnly: readonly string[];
}

export interface CameraChange {
  readonly camera: string;
  /** `changed`: URL, transport, login, trust, reconnect or inactivity - the source has to be made anew. */
  readonly streams: {
    readonly added: readonly string[];
    readonly removed: readonly string[];
    readonly changed: readonly string[];
  };
  readonly record: boolean;
  readonly retention: boolean;
}

/** Read anew by those who use them. */
const LIVE_KEYS: readonly string[] = [
  'groups',
  'schedules',
  'access',
  'limits',
  'files',
  'discovery',
];

/** From `before` to `after`. Names come in file order. */
export function diffConfig(before: NightjarConfig, after: NightjarConfig): ConfigDiff {
  const { cameras: camerasBefore, users: usersBefore, ...restBefore } = before;
  const { cameras, users, ...rest } = after;
  const names = diffKeys(camerasBefore, cameras, differ);
  const others = diffKeys<unknown>(restBefore, rest, differ).changed.map(({ key }) => key);
  return {
    cameras: {
      added: names.added,
      removed: names.removed,
      changed: names.changed.map(({ before, after }) => diffCamera(before, after)),
    },
    usersChanged: differ(usersBefore, users),
    live: others.filter((key) => LIVE_KEYS.includes(key)),
    restartOnly: others.filter((key) => !LIVE_KEYS.includes(key)),
  };
}

export function isEmptyDiff(diff: ConfigDiff): boolean {
  const { added, removed, changed } = diff.cameras;
  const touched =
    added.length + removed.length + changed.length + diff.live.length + diff.restartOnly.length;
  return touched === 0 && !diff.usersChanged;
}

function diffCamera(before: CameraConfig, after: CameraConfig): CameraChange {
  const allSources =
    differ(before.reconnect, after.reconnect) ||
    differ(before.tls, after.tls) ||
    differ(before.redirectHosts, after.redirectHosts) ||
    before.inactivityMs !== after.inactivityMs;
  const streams = diffKeys(before.streams, after.streams, (a, b) => allSources || differ(a, b));
  return {
    camera: after.name,
    streams: { ...streams, changed: streams.changed.map(({ key }) => key) },
    record:
      differ(before.record, after.record) ||
      differ(before.volumes, after.volumes) ||
      before.priority !== after.priority,
    retention: differ(before.retention, after.retention) || before.group !== after.group,
  };
}

function differ(a: unknown, b: unknown): boolean {
  return !isDeepStrictEqual(a, b);
}

function diffKeys<V>(
  before: Readonly<Record<string, V>>,
  after: Readonly<Record<string, V>>,
  changed: (a: V, b: V) => boolean,
) {
  const old = new Map(Object.entries(before));
  const kept = Object.entries(after).flatMap(([key, value]) => {
    const previous = old.get(key);
    return previous === undefined ? [] : [{ key, before: previous, after: value }];
  });
  return {
    added: Object.keys(after).filter((key) => !old.has(key)),
    removed: [...old.keys()].filter((key) => !Object.hasOwn(after, key)),
    changed: kept.filter((pair) => changed(pair.before, pair.after)),
  };
}
