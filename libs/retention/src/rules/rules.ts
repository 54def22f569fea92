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
  /** Undefined unless footage of events is kept longer than the rest, by the camera or on some volume. */
  readonly events: EventRules | undefined;
}

export interface EventRules {
  /** Undefined: by the camera no longer than the rest. */
  readonly maxAgeMs: number | undefined;
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
  /** Of all footage on it; bounds of what its cameras say. 0: nothing is guaranteed. */
  readonly maxAgeMs: number | undefined;
  readonly minAgeMs: number;
  /** Undefined unless footage of events stays longer than the rest. */
  readonly eventMaxAgeMs: number | undefined;
}

/** Everything retention goes by, as plain data: written down with a blocked plan and compared with what holds later. */
export interface RetentionRules {
  readonly cameras: readonly CameraRules[];
  readonly groups: readonly GroupRules[];
  readonly volumes: readonly VolumeRules[];
}

/** The rules that a configuration means, in a fixed order. */
export function rulesOf({ cameras, groups, volumes }: NightjarConfig): RetentionRules {
  const volumeRules = rulesOfVolumes(volumes);
  const tiered = volumeRules.some(({ eventMaxAgeMs }) => eventMaxAgeMs !== undefined);
  return {
    cameras: sorted(cameras).map((camera) =>
      rulesOfCamera(
        camera,
        camera.group === undefined ? undefined : groups[camera.group]?.retention,
        tiered,
      ),
    ),
    groups: Object.keys(groups)
      .toSorted()
      .flatMap((group) => {
        const maxBytes = groups[group]?.retention.maxBytes;
        return maxBytes === undefined ? [] : [{ group, maxBytes }];
      }),
    volumes: volumeRules,
  };
}

function rulesOfVolumes(volumes: NightjarConfig['volumes']): VolumeRules[] {
  return Object.keys(volumes)
    .toSorted()
    .flatMap((volume) => {
      const config = volumes[volume];
      if (config === undefined) return [];
      const { state, minFreeBytes, maxBytes, ages } = config;
      const { maxAgeMs, minAgeMs = 0, eventMaxAgeMs } = ages ?? {};
      const longer = maxAgeMs !== undefined && (eventMaxAgeMs ?? 0) > maxAgeMs;
      return [
        {
          volume,
          state,
          minFreeBytes: state === 'active' ? minFreeBytes : 0,
          maxBytes,
          maxAgeMs,
          minAgeMs,
          eventMaxAgeMs: longer ? eventMaxAgeMs : undefined,
        },
      ];
    });
}

/** @param tiered whether footage of events stays longer on some volume, so that it has to be known for every camera */
function rulesOfCamera(
  camera: CameraConfig,
  group: RetentionPolicy | undefined,
  tiered: boolean,
): CameraRules {
  const own = camera.retention;
  const maxAgeMs = own.maxAgeMs ?? group?.maxAgeMs;
  const events = own.events ?? group?.events;
  const longer = events !== undefined && maxAgeMs !== undefined && events.maxAgeMs > maxAgeMs;
  const tier = longer ? events : tiered ? { maxAgeMs: undefined, types: undefined } : undefined;
  return {
    camera: camera.name,
    group: camera.group,
    maxAgeMs,
    maxBytes: own.maxBytes,
    minAgeMs: own.minAgeMs ?? group?.minAgeMs ?? 0,
    events: tier && { ...tier, ...eventReach(camera) },
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
    volumes: rules.volumes.map((volume) => ({
      ...volume,
      maxBytes: undefined,
      maxAgeMs: undefined,
      eventMaxAgeMs: undefined,
    })),
  };
}
