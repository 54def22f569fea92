import type { AccessPolicy } from '@nightjar/access';
import type { CameraEvent } from '@nightjar/catalog';
import type { Clock, Timer } from '@nightjar/common';
import type { EventAudience } from '@nightjar/events';
import {
  onvifTopic,
  type EventPort,
  type OnvifEvent,
  type PullPoints,
  type SimpleItem,
  type TopicDescription,
} from '@nightjar/onvif';
import type { OnvifCaller } from './caller.js';
import { cameraToken, streamToken } from './stream-tokens.js';

/** Types of events that ONVIF has a topic for. */
export const EVENT_TOPICS: Readonly<Record<string, TopicDescription>> = {
  motion: state('VideoSource/MotionAlarm', 'Source', 'State'),
  tamper: state('VideoSource/GlobalSceneChange/ImagingService', 'Source', 'State'),
};

/** Whether a stream is being recorded. */
export const RECORDING_TOPIC = state(
  'RecordingHistory/Recording/State',
  'RecordingToken',
  'IsRecording',
);

function state(path: string, source: string, data: string): TopicDescription {
  return {
    topic: onvifTopic(path),
    property: true,
    source: [{ name: source, type: 'tt:ReferenceToken' }],
    data: [{ name: data, type: 'xs:boolean' }],
  };
}

/** The event of a topic that tells of a state. */
export function stateEvent(
  { topic, source, data }: TopicDescription,
  token: string,
  value: boolean,
  atMs: number,
  operation: OnvifEvent['operation'] = 'Changed',
): OnvifEvent {
  const items = (names: TopicDescription['data'], text: string): SimpleItem[] =>
    names.map(({ name }) => ({ name, value: text }));
  return { topic, atMs, operation, source: items(source, token), data: items(data, String(value)) };
}

interface Stream {
  readonly camera: string;
  readonly stream: string;
}

export interface NightjarEventsOptions {
  readonly points: PullPoints;
  readonly policy: AccessPolicy;
  readonly clock: Clock;
  /** Cameras of the configuration. */
  readonly cameras: () => readonly string[];
  /** Streams that are recorded, and until when there is footage of each; rejects while the catalog is away. */
  readonly recorded: () => Promise<readonly (Stream & { readonly newestMs: number | undefined })[]>;
  /** How old the newest footage may be while a stream is recorded. */
  readonly patienceMs: () => number;
}

const LOOK_INTERVAL_MS = 15_000;

/** What happens in front of the cameras and whether they are recorded, as events of ONVIF. */
export class NightjarEvents implements EventPort<OnvifCaller>, EventAudience {
  /** Ids of events that go on, by type and camera. */
  private readonly open = new Map<string, Set<string>>();
  private readonly recording = new Map<string, Stream & { readonly on: boolean }>();
  private timer: Timer | undefined;

  constructor(private readonly options: NightjarEventsOptions) {}

  get clock(): Clock {
    return this.options.clock;
  }

  start(): void {
    void this.look();
  }

  stop(): void {
    this.timer?.cancel();
    this.options.points.close();
  }

  topics(): readonly TopicDescription[] {
    return [...Object.values(EVENT_TOPICS), RECORDING_TOPIC];
  }

  current(_caller: OnvifCaller): OnvifEvent[] {
    const nowMs = this.clock.wallMs();
    const initial = 'Initialized' as const;
    const seen = Object.entries(EVENT_TOPICS).flatMap(([type, description]) =>
      this.options.cameras().map((camera) => {
        const on = (this.open.get(`${type} ${camera}`)?.size ?? 0) > 0;
        return stateEvent(description, cameraToken(camera), on, nowMs, initial);
      }),
    );
    const recorded = [...this.recording].map(([token, { on }]) =>
      stateEvent(RECORDING_TOPIC, token, on, nowMs, initial),
    );
    return [...seen, ...recorded];
  }

  visible({ source, topic }: OnvifEvent, caller: OnvifCaller): boolean {
    const token = source[0]?.value;
    const recorded = topic === RECORDING_TOPIC.topic ? this.recording.get(token ?? '') : undefined;
    const camera =
      recorded?.camera ?? this.options.cameras().find((name) => cameraToken(name) === token);
    return camera !== undefined && this.options.policy.decide(caller, 'view', camera) === 'allow';
  }

  ownerOf(caller: OnvifCaller): string {
    return caller?.name ?? '';
  }

  /** The same event may come again. */
  event({ camera, type, id, startMs, endMs }: CameraEvent): void {
    const description = EVENT_TOPICS[type];
    if (description === undefined) return;
    const key = `${type} ${camera}`;
    const open = this.open.get(key) ?? new Set<string>();
    this.open.set(key, open);
    const before = open.size > 0;
    if (endMs === undefined) open.add(id);
    else open.delete(id);
    const token = cameraToken(camera);
    const tell = (value: boolean, atMs: number): void =>
      this.options.points.publish(stateEvent(description, token, value, atMs));
    const after = open.size > 0;
    // What takes no time was there all the same.
    if (!before && (after || endMs === startMs)) tell(true, startMs);
    if (!after && endMs !== undefined && (before || endMs === startMs)) tell(false, endMs);
  }

  overrides(): void {
    // What is to be recorded says nothing of what is.
  }

  heard(): void {
    // Events that were missed are told before.
  }

  /** Whether there is new footage. */
  private async look(): Promise<void> {
    const { recorded, patienceMs, points } = this.options;
    try {
      const nowMs = this.clock.wallMs();
      for (const { camera, stream, newestMs } of await recorded()) {
        const token = streamToken(camera, stream);
        const on = newestMs !== undefined && nowMs - newestMs < patienceMs();
        const before = this.recording.get(token);
        this.recording.set(token, { camera, stream, on });
        if (before !== undefined && before.on !== on)
          points.publish(stateEvent(RECORDING_TOPIC, token, on, nowMs));
      }
    } catch {
      // The catalog is away, of which others complain; the states stay as they were.
    }
    this.timer = this.clock.setTimer(LOOK_INTERVAL_MS, () => void this.look());
  }
}
