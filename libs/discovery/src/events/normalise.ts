import type { Notification } from './read-notifications.js';

/** What happened, in our words. */
export interface Happening {
  readonly type: string;
  /** Tells things of one type apart that come and go by themselves: rules, inputs. */
  readonly key: string;
  /** undefined: it takes no time. */
  readonly active: boolean | undefined;
}

/**
 * Topics by the end of their path, in the order in which they are tried. ONVIF has the first of each kind (Imaging s.6, Analytics
 * annex A, Device s.8.8); the others are of makers.
 */
const TOPICS: readonly (readonly [RegExp, string])[] = [
  [/(^|\/)VideoSource\/MotionAlarm$/, 'motion'],
  [/(^|\/)CellMotionDetector\/Motion$/, 'motion'],
  [/(^|\/)MotionRegionDetector\/Motion$/, 'motion'],
  [/(^|\/)VideoAnalytics\/(Motion|MotionDetection)$/, 'motion'],
  // field: Axis VMD and Object Analytics; the scenario or profile follows
  [/(^|\/)CameraApplicationPlatform\/(VMD|ObjectAnalytics|MotionGuard)(\/|$)/, 'motion'],
  // field: Reolink
  [/(^|\/)MyRuleDetector\/PeopleDetect$/, 'person'],
  [/(^|\/)MyRuleDetector\/VehicleDetect$/, 'vehicle'],
  [/(^|\/)MyRuleDetector\/DogCatDetect$/, 'animal'],
  [/(^|\/)MyRuleDetector\/Visitor$/, 'visitor'],
  [/(^|\/)MyRuleDetector\/FaceDetect$/, 'face'],
  // field: TP-Link Tapo and VIGI
  [/(^|\/)PeopleDetector\/People$/, 'person'],
  [/(^|\/)TPSmartEventDetector\/TPSmartEvent$/, 'analytics'],
  [
    /(^|\/)VideoSource\/(GlobalSceneChange|SignalLoss|ImageTooBlurry|ImageTooDark|ImageTooBright)(\/|$)/,
    'tamper',
  ],
  [/(^|\/)TamperDetector\/Tamper$/, 'tamper'],
  [/(^|\/)Trigger\/DigitalInput$/, 'digital-input'],
  [/(^|\/)IO\/(Port|VirtualInput)$/, 'digital-input'],
  [/^RuleEngine\//, 'analytics'],
];

/** Names of the item that says whether it is so, the usual first. */
const STATES = ['State', 'IsMotion', 'LogicalState', 'active', 'IsTamper', 'IsInside', 'state'];
const TRUE = /^(true|1|on|active|yes)$/i;
const FALSE = /^(false|0|off|inactive|no)$/i;

/** @returns undefined for what is no event of a camera: clocks, processors, recordings */
export function normalise({ topic, source, data }: Notification): Happening | undefined {
  const type = TOPICS.find(([pattern]) => pattern.test(topic))?.[1];
  if (type === undefined) return undefined;
  return { type, key: JSON.stringify([topic, ...Object.entries(source)]), active: stateOf(data) };
}

function stateOf(data: Readonly<Record<string, string>>): boolean | undefined {
  const known = STATES.find((name) => data[name] !== undefined);
  // field: Tapo says `IsTPSmartEvent`, others `IsPeople`.
  const values =
    known === undefined
      ? Object.entries(data).flatMap(([name, value]) => (/^Is[A-Z]/.test(name) ? [value] : []))
      : [data[known] ?? ''];
  if (values.some((value) => TRUE.test(value))) return true;
  return values.some((value) => FALSE.test(value)) ? false : undefined;
}
