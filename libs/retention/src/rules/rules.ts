import type { CameraConfig, NightjarConfig, RetentionPolicy } from '@nightjar/config';

/** What holds for the footage of one camera, with its group's values where it has none of its own. */
export interface CameraRules {
  readonly camera: string;
  readonly group: string | undefined;
  readonly maxAgeMs: number | undefined;
  /** Of the camera alone; the bytes of a group are counted by {@link GroupRules}. */
  readonly maxBytes: number | undefined;
  /** 0: nothing is guaranteed. */
  readonly minAgeMs: number;
  /** Undefined unless footage of events is kept longer than the rest. */
  readonly events: EventRules | undefined;
}

export interface EventRules {
  readonly maxAgeMs: number;
  /** Undefined: of every type. */
  readonly types: readonly string[] | undefined;
  /** An event reaches so far beyond its ends. */
  readonly preRollMs: number;
  readonly postRollMs: number;
  /** An event without end ends after this. */
  readonly maxLengthMs: number;
}

/** A limit that several cameras share. */
export interface GroupRules {
  readonly group: string;
  readonly maxBytes: number;
}

export interface VolumeRules {
  readonly volume: string;
  readonly state: 'active' | 'read-only' | 'draining';
  /** 0 on a volume that is not written: nobody needs the space. */
  readonly minFreeBytes: number;
  readonly maxBytes: number | undefined;
}

/** Everything retention goes by, as plain data: written down with a blocked plan and compared with what holds later. */
export interface RetentionRules {
  readonly cameras: readonly CameraRules[];
  readonly groups: readonly GroupRules[];
  readonly volumes: readonly VolumeRules[];
}

/** The rules that a configuration means, in a fixed order. */
export function rulesOf({ cameras, groups, volumes }: NightjarConfig): RetentionRules {
  return {
    cameras: sorted(cameras).map((camera) =>
      rulesOfCamera(
        camera,
        camera.group === undefined ? undefined : groups[camera.group]?.retention,
      ),
    ),
    groups: Object.keys(groups)
      .toSorted()
      .flatMap((group) => {
        const maxBytes = groups[group]?.retention.maxBytes;
        return maxBytes === undefined ? [] : [{ group, maxBytes }];
      }),
    volumes: Object.keys(volumes)
      .toSorted()
      .flatMap((volume) => {
        const config = volumes[volume];
        if (config === undefined) return [];
        const { state, minFreeBytes, maxBytes } = config;
        return [{ volume, state, minFreeBytes: state === 'active' ? minFreeBytes : 0, maxBytes }];
      }),
  };
}

function rulesOfCamera(camera: CameraConfig, group: RetentionPolicy | undefined): CameraRules {
  const own = camera.retention;
  const maxAgeMs = own.maxAgeMs ?? group?.maxAgeMs;
  const events = own.events ?? group?.events;
  return {
    camera: camera.name,
    group: camera.group,
    maxAgeMs,
    maxBytes: own.maxBytes,
    minAgeMs: own.minAgeMs ?? group?.minAgeMs ?? 0,
    events:
      events === undefined || maxAgeMs === undefined || events.maxAgeMs <= maxAgeMs
        ? undefined
        : { ...events, ...eventReach(camera) },
  };
}

/** Where nothing is recorded any more, what the configuration of events means by itself. */
const NO_RECORD = { preRollMs: 5_000, postRollMs: 15_000, maxLengthMs: 600_000 };

/** The widest of the streams of a camera: footage that one of them keeps for an event is worth keeping of all. */
function eventReach({
  record,
}: CameraConfig): Pick<EventRules, 'preRollMs' | 'postRollMs' | 'maxLengthMs'> {
  if (record.length === 0) return NO_RECORD;
  const widest = (field: 'preRollMs' | 'postRollMs' | 'maxLengthMs'): number =>
    Math.max(...record.map(({ event }) => event[field]));
  return {
    preRollMs: widest('preRollMs'),
    postRollMs: widest('postRollMs'),
    maxLengthMs: widest('maxLengthMs'),
  };
}

function sorted(cameras: NightjarConfig['cameras']): CameraConfig[] {
  return Object.values(cameras).toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** The same rules with room on the volumes as the only reason to delete. */
export function onlyRoom(rules: RetentionRules): RetentionRules {
  return {
    cameras: rules.cameras.map((camera) => ({
      ...camera,
      maxAgeMs: undefined,
      maxBytes: undefined,
      events: undefined,
    })),
    groups: [],
    volumes: rules.volumes.map((volume) => ({ ...volume, maxBytes: undefined })),
  };
}
