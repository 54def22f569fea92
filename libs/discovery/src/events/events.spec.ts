import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ManualClock } from '@nightjar/common';
import { parseXml } from '@nightjar/onvif';
import { normalise, type Happening } from './normalise.js';
import { readNotifications, type Notification } from './read-notifications.js';
import { DEBOUNCE_MS, StateChanges } from './state-changes.js';

const message = (topic: string, operation: string, data: string): string =>
  `<wsnt:NotificationMessage><wsnt:Topic Dialect="http://www.onvif.org/ver10/tev/topicExpression/ConcreteSet">${topic}</wsnt:Topic>
   <wsnt:Message><tt:Message UtcTime="2026-01-01T00:00:00Z" ${operation && `PropertyOperation="${operation}"`}>
   <tt:Source><tt:SimpleItem Name="Source" Value="0"/></tt:Source><tt:Data>${data}</tt:Data></tt:Message></wsnt:Message></wsnt:NotificationMessage>`;

const read = (...messages: string[]): Notification[] =>
  readNotifications(
    parseXml(
      Buffer.from(
        `<tev:PullMessagesResponse xmlns:tev="http://www.onvif.org/ver10/events/wsdl" xmlns:wsnt="http://docs.oasis-open.org/wsn/b-2"
         xmlns:tt="http://www.onvif.org/ver10/schema">${messages.join('')}</tev:PullMessagesResponse>`,
      ),
    ),
  );

const item = (name: string, value: string): string =>
  `<tt:SimpleItem Name="${name}" Value="${value}"/>`;

describe('messages of a device', () => {
  it.each<[string, string, string, string, boolean | undefined]>([
    ['tns1:VideoSource/MotionAlarm', 'State', 'true', 'motion', true],
    ['t:RuleEngine/CellMotionDetector/Motion', 'IsMotion', '1', 'motion', true],
    ['tns1:RuleEngine/MotionRegionDetector/Motion', 'State', 'False', 'motion', false],
    ['tns1:RuleEngine/MyRuleDetector/PeopleDetect', 'State', 'true', 'person', true],
    ['tns1:RuleEngine/MyRuleDetector/Visitor', 'State', 'false', 'visitor', false],
    ['tns1:RuleEngine/TPSmartEventDetector/TPSmartEvent', 'IsVehicle', 'true', 'analytics', true],
    ['tnsaxis:CameraApplicationPlatform/VMD/Camera1Profile1', 'active', '1', 'motion', true],
    ['tns1:VideoSource/GlobalSceneChange/ImagingService', 'State', 'true', 'tamper', true],
    ['tns1:RuleEngine/TamperDetector/Tamper', 'IsTamper', 'true', 'tamper', true],
    ['tns1:Device/tns1:Trigger/tns1:DigitalInput', 'LogicalState', 'true', 'digital-input', true],
    ['tns1:RuleEngine/LineDetector/Crossed', 'ObjectId', '7', 'analytics', undefined],
    ['tns1:RuleEngine/FieldDetector/ObjectsInside', 'IsInside', 'true', 'analytics', true],
  ])('%s %s=%s is %s', (topic, name, value, type, active) => {
    const [notification] = read(message(topic, 'Changed', item(name, value)));
    expect(normalise(notification!)).toMatchObject({ type, active });
  });

  it.each([
    'tns1:Monitoring/ProcessorUsage',
    'tns1:Device/HardwareFailure',
    'tns1:RecordingConfig/JobState',
  ])('%s is no event of a camera', (topic) => {
    const [notification] = read(message(topic, 'Changed', item('State', 'true')));
    expect(normalise(notification!)).toBeUndefined();
  });

  it('without a topic or a message are left out, and texts are bounded', () => {
    expect(read('<wsnt:NotificationMessage/>', '<wsnt:Other/>')).toEqual([]);
    const [one] = read(message('tns1:A/B', '', item('N', 'x'.repeat(5_000))));
    expect(one?.operation).toBeUndefined();
    expect(one?.data['N']).toHaveLength(128);
  });
});

describe('changes of state', () => {
  const motion = (active: boolean | undefined, key = 'k'): Happening => ({
    type: 'motion',
    key,
    active,
  });
  function watch() {
    const clock = new ManualClock();
    const seen: string[] = [];
    const changes = new StateChanges(clock, ({ key }, change) => seen.push(`${key} ${change}`));
    return { clock, seen, changes };
  }

  it('are what changes, once', () => {
    const { clock, seen, changes } = watch();
    changes.take(motion(false), 'Initialized');
    for (let i = 0; i < 3; i++) changes.take(motion(true), 'Changed');
    for (let i = 0; i < 3; i++) changes.take(motion(false), 'Changed');
    clock.advance(DEBOUNCE_MS);
    expect(seen).toEqual(['k begin', 'k end']);
  });

  it('are not what the device tells at the beginning', () => {
    const { clock, seen, changes } = watch();
    changes.take(motion(true), 'Initialized');
    changes.take(motion(undefined, 'p'), 'Initialized');
    changes.take(motion(false), 'Changed');
    clock.advance(DEBOUNCE_MS);
    expect(seen).toEqual([]);
    changes.take(motion(true), 'Changed');
    expect(seen).toEqual(['k begin']);
  });

  it('outlive a new subscription: an end that was missed is told then', () => {
    const { clock, seen, changes } = watch();
    changes.take(motion(true), 'Changed');
    changes.take(motion(true), 'Initialized');
    changes.take(motion(false), 'Initialized');
    clock.advance(DEBOUNCE_MS);
    expect(seen).toEqual(['k begin', 'k end']);
  });

  it('that flicker are one', () => {
    const { clock, seen, changes } = watch();
    for (let i = 0; i < 5; i++) {
      changes.take(motion(true), 'Changed');
      changes.take(motion(false), 'Changed');
      clock.advance(DEBOUNCE_MS - 1);
    }
    expect(seen).toEqual(['k begin']);
    clock.advance(1);
    expect(seen).toEqual(['k begin', 'k end']);
  });

  it('of several rules are told apart, and pulses have no end', () => {
    const { clock, seen, changes } = watch();
    changes.take(motion(true, 'a'), 'Changed');
    changes.take(motion(true, 'b'), undefined);
    changes.take(motion(undefined, 'c'), 'Changed');
    changes.take(motion(true, 'a'), 'Deleted');
    clock.advance(DEBOUNCE_MS);
    expect(seen).toEqual(['a begin', 'b begin', 'c pulse', 'a end']);
  });

  it('begin and end in turn, whatever comes', () => {
    const step = fc.record({
      active: fc.option(fc.boolean(), { nil: undefined }),
      operation: fc.constantFrom<Notification['operation']>(
        'Initialized',
        'Changed',
        'Deleted',
        undefined,
      ),
      laterMs: fc.nat(3 * DEBOUNCE_MS),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const { clock, seen, changes } = watch();
        for (const { active, operation, laterMs } of steps) {
          changes.take(motion(active), operation);
          clock.advance(laterMs);
        }
        const turns = seen.filter((one) => one !== 'k pulse');
        expect(turns.every((one, i) => one === (i % 2 === 0 ? 'k begin' : 'k end'))).toBe(true);
      }),
    );
  });
});
