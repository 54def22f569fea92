import { NightjarError } from '@nightjar/common';
import {
  onvifTopic,
  type OnvifEvent,
  type SimpleItem,
  type TopicDescription,
} from '@nightjar/onvif';
import type { Personality, TopicStyle } from './personality.js';

/** What a camera notices; each is a state. */
export const SIGNALS = ['motion', 'tamper', 'input'] as const;
export type Signal = (typeof SIGNALS)[number];

interface Form {
  readonly description: TopicDescription;
  /** Values of the source items, in their order. */
  readonly source: readonly string[];
}

function form(
  description: Omit<TopicDescription, 'property' | 'source'>,
  source: readonly SimpleItem[],
): Form {
  const items = source.map(({ name }) => ({ name, type: 'tt:ReferenceToken' as const }));
  return {
    description: { ...description, property: true, source: items },
    source: source.map(({ value }) => value),
  };
}

const boolean = (name: string): TopicDescription['data'] => [{ name, type: 'xs:boolean' }];
const rule = (sourceToken: string, name: string): SimpleItem[] => [
  { name: 'VideoSourceConfigurationToken', value: `vsc_${sourceToken}` },
  { name: 'VideoAnalyticsConfigurationToken', value: 'vac' },
  { name: 'Rule', value: name },
];

/** Topics by which cameras of several makers tell of motion. */
const MOTION: Readonly<Record<TopicStyle, (sourceToken: string) => Form>> = {
  alarm: (token) =>
    form({ topic: onvifTopic('VideoSource/MotionAlarm'), data: boolean('State') }, [
      { name: 'Source', value: token },
    ]),
  cell: (token) =>
    form(
      { topic: onvifTopic('RuleEngine/CellMotionDetector/Motion'), data: boolean('IsMotion') },
      rule(token, 'MyMotionDetectorRule'),
    ),
  region: (token) =>
    form(
      { topic: onvifTopic('RuleEngine/MotionRegionDetector/Motion'), data: boolean('State') },
      rule(token, 'Region1'),
    ),
  reolink: (token) =>
    form({ topic: onvifTopic('RuleEngine/MyRuleDetector/PeopleDetect'), data: boolean('State') }, [
      { name: 'Source', value: token },
    ]),
  tapo: (token) =>
    form(
      {
        topic: onvifTopic('RuleEngine/TPSmartEventDetector/TPSmartEvent'),
        data: boolean('IsPeople'),
      },
      rule(token, 'MyTPSmartEventDetectorRule'),
    ),
  axis: () =>
    form(
      {
        topic: {
          namespace: 'http://www.axis.com/2009/event/topics',
          path: ['CameraApplicationPlatform', 'VMD', 'Camera1Profile1'],
        },
        data: boolean('active'),
      },
      [],
    ),
};

function formOf(signal: Signal, style: TopicStyle, token: string): Form {
  if (signal === 'motion') return MOTION[style](token);
  const [topic, item, data, value] =
    signal === 'tamper'
      ? ['VideoSource/GlobalSceneChange/ImagingService', 'Source', 'State', token]
      : ['Device/Trigger/DigitalInput', 'InputToken', 'LogicalState', 'DI1'];
  return form({ topic: onvifTopic(topic), data: boolean(data) }, [{ name: item, value }]);
}

/** The states of one camera as ONVIF tells of them. */
export class Signals {
  private readonly states = new Map<Signal, boolean>(SIGNALS.map((signal) => [signal, false]));
  private readonly forms: ReadonlyMap<Signal, Form>;

  constructor(
    token: string,
    private readonly personality: Pick<Personality, 'topics' | 'booleans'>,
    private readonly now: () => number,
  ) {
    this.forms = new Map(
      SIGNALS.map((signal) => [signal, formOf(signal, personality.topics, token)]),
    );
  }

  get topics(): readonly TopicDescription[] {
    return [...this.forms.values()].map(({ description }) => description);
  }

  get current(): readonly OnvifEvent[] {
    return SIGNALS.map((signal) => this.event(signal, 'Initialized'));
  }

  /** Sets states; the events that tell of it. A state that stays as it is tells nothing. */
  set(states: Partial<Record<Signal, boolean>>): OnvifEvent[] {
    const changed = SIGNALS.filter(
      (signal) => states[signal] !== undefined && states[signal] !== this.states.get(signal),
    );
    for (const signal of changed) this.states.set(signal, states[signal] === true);
    return changed.map((signal) => this.event(signal, 'Changed'));
  }

  private event(signal: Signal, operation: 'Initialized' | 'Changed'): OnvifEvent {
    const { description, source } = this.forms.get(signal)!;
    const value = printBoolean(this.states.get(signal) === true, this.personality.booleans);
    return {
      topic: description.topic,
      atMs: this.now(),
      operation,
      source: description.source.map(({ name }, index) => ({ name, value: source[index] ?? '' })),
      data: description.data.map(({ name }) => ({ name, value })),
    };
  }
}

function printBoolean(value: boolean, style: Personality['booleans']): string {
  if (style === '1') return value ? '1' : '0';
  return style === 'True' ? (value ? 'True' : 'False') : String(value);
}

/** Reads `{"motion": true}`. Throws NightjarError `invalid`. */
export function parseSignals(json: string): Partial<Record<Signal, boolean>> {
  const wrong = (): NightjarError =>
    new NightjarError(
      'invalid',
      'camsim/signals',
      `wants {"motion": true}; there are ${SIGNALS.join(', ')}`,
    );
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw wrong();
  }
  if (typeof value !== 'object' || value === null) throw wrong();
  const known = Object.entries(value).every(
    ([key, state]) => (SIGNALS as readonly string[]).includes(key) && typeof state === 'boolean',
  );
  if (!known) throw wrong();
  return value;
}
