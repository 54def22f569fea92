import { beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock, NightjarError } from '@nightjar/common';
import { parseXml } from '../xml/parse-xml.js';
import { printXml, withAttributes, xml, type XmlNode } from '../xml/print-xml.js';
import type { XmlElement } from '../xml/element.js';
import { durationOf, printDuration } from './arguments.js';
import { eventService, type EventPort } from './event-service.js';
import { PullPoints, type OnvifEvent } from './pull-points.js';
import { onvifTopic, TOPIC_DIALECTS, topicFilterOf, topicSet } from './topics.js';

const MOTION = onvifTopic('VideoSource/MotionAlarm');
const RULE = onvifTopic('RuleEngine/CellMotionDetector/Motion');
const event = (value: string, topic = MOTION, operation: OnvifEvent['operation'] = 'Changed') => ({
  topic,
  atMs: 0,
  operation,
  source: [{ name: 'Source', value: 'vs0' }],
  data: [{ name: 'State', value }],
});

describe('topic expressions', () => {
  const filter = (text: string, dialect?: string) =>
    topicFilterOf(
      parseXml(
        Buffer.from(
          `<T xmlns:a="http://www.onvif.org/ver10/topics" xmlns:v="urn:vendor"${dialect === undefined ? '' : ` Dialect="${dialect}"`}>${text}</T>`,
        ),
      ),
    );

  it.each([
    ['a:VideoSource/MotionAlarm', true, false],
    [' a:VideoSource/MotionAlarm ', true, false],
    ['a:VideoSource', false, false],
    ['a:VideoSource//.', true, false],
    ['a:RuleEngine//.|a:VideoSource/MotionAlarm', true, true],
    ['v:VideoSource/MotionAlarm', false, false],
  ])('%s', (text, motion, rule) => {
    const wants = filter(text, TOPIC_DIALECTS.concreteSet);
    expect([wants(MOTION), wants(RULE)]).toEqual([motion, rule]);
  });

  it.each([
    ['a dialect nobody knows', () => filter('a:VideoSource', 'urn:x')],
    ['a prefix nobody declared', () => filter('x:VideoSource')],
    ['no topic', () => filter('')],
    ['a path with a hole', () => filter('a:VideoSource//MotionAlarm')],
    ['too many', () => filter('a:b|'.repeat(100))],
  ])('refuse %s', (_name, make) => {
    expect(make).toThrow(NightjarError);
  });
});

describe('topicSet', () => {
  it('is one tree', () => {
    const data = [{ name: 'State', type: 'xs:boolean' as const }];
    const describeTopic = (path: string) => ({
      topic: onvifTopic(path),
      property: true,
      source: [],
      data,
    });
    const root = parseXml(
      Buffer.from(printXml(topicSet([describeTopic('A/B'), describeTopic('A/C/D')]))),
    );
    expect(root.children).toHaveLength(1);
    expect(root.at('A', 'B')?.attributes.get('topic')).toBe('true');
    expect(root.at('A')?.attributes.get('topic')).toBeUndefined();
    expect(root.at('A', 'C', 'D', 'MessageDescription', 'Data')?.children).toHaveLength(1);
  });
});

describe('durations', () => {
  it.each([
    ['PT60S', 60_000],
    ['PT1M', 60_000],
    ['PT0.5S', 500],
    ['P1DT1H', 90_000_000],
    ['-PT1S', -1000],
  ])('%s', (text, ms) => {
    expect(durationOf(text, 'x')).toBe(ms);
    if (ms > 0) expect(durationOf(printDuration(ms), 'x')).toBe(ms);
  });

  it.each(['', 'P', 'PT', '60', 'PT1', 'P1H', `P${'9'.repeat(20)}D`])('refuses %j', (text) => {
    expect(() => durationOf(text, 'x')).toThrow(NightjarError);
  });
});

describe('event service', () => {
  let clock: ManualClock;
  let points: PullPoints;
  let port: EventPort<string>;
  beforeEach(() => {
    clock = new ManualClock();
    points = new PullPoints(clock);
    port = {
      topics: () => [],
      current: () => [event('false', MOTION, 'Initialized')],
      visible: (_event, caller) => caller !== 'blind',
      ownerOf: (caller) => caller,
      // A device whose clock is an hour slow.
      clock: { wallMs: () => (clock.wallMs() - 3_600_000) as ReturnType<ManualClock['wallMs']> },
    };
  });

  async function call(
    node: XmlNode,
    { path = '', caller = 'ann', signal = new AbortController().signal } = {},
  ): Promise<XmlElement> {
    const service = eventService(port, points, { clock });
    const request = parseXml(Buffer.from(printXml(node)));
    const operation = (service.operations[request.name] ??
      Object.values(service.foreign ?? {})[0]?.[request.name])!;
    const answer = await operation.answer({
      request,
      headers: [],
      caller,
      origin: 'http://h',
      path,
      signal,
    });
    return parseXml(Buffer.from(printXml(answer)));
  }

  const create = async (caller = 'ann', ...content: XmlNode[]): Promise<string> => {
    const answer = await call(xml('tev:CreatePullPointSubscription', ...content), { caller });
    return answer.textAt('SubscriptionReference', 'Address')!.slice('http://h'.length);
  };
  const pull = (path: string, timeout = 'PT60S', caller = 'ann', signal?: AbortSignal) =>
    call(xml('tev:PullMessages', xml('tev:Timeout', timeout), xml('tev:MessageLimit', 10)), {
      path,
      caller,
      ...(signal && { signal }),
    }).then((answer) =>
      answer
        .childrenNamed('NotificationMessage')
        .map((one) => one.at('Message', 'Message', 'Data', 'SimpleItem')?.attributes.get('Value')),
    );

  it('begins with the state, then says what changes, at once', async () => {
    const path = await create();
    expect(await pull(path)).toEqual(['false']);
    const waiting = pull(path);
    points.publish(event('true'));
    expect(await waiting).toEqual(['true']);
  });

  it('answers with nothing when nothing happens for so long', async () => {
    const path = await create();
    await pull(path);
    const waiting = pull(path, 'PT30S');
    clock.advance(30_000);
    expect(await waiting).toEqual([]);
  });

  it('lets one wait', async () => {
    const path = await create();
    await pull(path);
    const first = pull(path);
    await expect(pull(path)).rejects.toThrow(NightjarError);
    points.publish(event('true'));
    expect(await first).toEqual(['true']);
  });

  it('keeps for the next question what a client that has gone did not get', async () => {
    const path = await create();
    await pull(path);
    const gone = new AbortController();
    const waiting = pull(path, 'PT60S', 'ann', gone.signal);
    gone.abort();
    points.publish(event('true'));
    await waiting;
    expect(await pull(path)).toEqual(['true']);
  });

  it('ends when nobody asks for long enough, and lives on when somebody does', async () => {
    const path = await create('ann', xml('tev:InitialTerminationTime', 'PT10S'));
    clock.advance(9_000);
    await pull(path, 'PT20S');
    clock.advance(19_000);
    await call(xml('wsnt:Renew', xml('wsnt:TerminationTime', 'PT5S')), { path });
    clock.advance(5_000);
    await expect(pull(path)).rejects.toThrow('no such subscription');
  });

  it('takes times by the clock of the device', async () => {
    const until = new Date(clock.wallMs() - 3_600_000 + 10_000).toISOString();
    const answer = await call(
      xml('tev:CreatePullPointSubscription', xml('tev:InitialTerminationTime', until)),
    );
    expect(answer.textAt('TerminationTime')).toBe(until);
    const past = xml('tev:InitialTerminationTime', '2000-01-01T00:00:00Z');
    await expect(create('ann', past)).rejects.toThrow(NightjarError);
  });

  it('belongs to who made it, and shows what that one may see', async () => {
    const path = await create();
    await expect(pull(path, 'PT1S', 'bob')).rejects.toThrow('no such subscription');
    const blind = await create('blind');
    const waiting = pull(blind, 'PT1S', 'blind');
    points.publish(event('true'));
    clock.advance(1000);
    expect(await waiting).toEqual([]);
  });

  it('filters by topic, and not by content', async () => {
    const topic = withAttributes(xml('wsnt:TopicExpression', 'tns1:RuleEngine//.'), {
      Dialect: TOPIC_DIALECTS.concreteSet,
      'xmlns:tns1': 'http://www.onvif.org/ver10/topics',
    });
    const path = await create('ann', xml('tev:Filter', topic));
    points.publish(event('true'));
    points.publish(event('rule', RULE));
    expect(await pull(path)).toEqual(['rule']);
    const content = xml('tev:Filter', xml('wsnt:MessageContent', 'boolean(//tt:SimpleItem)'));
    await expect(create('ann', content)).rejects.toThrow(NightjarError);
  });

  it('ends on request, and its room is free', async () => {
    const path = await create();
    await call(xml('wsnt:Unsubscribe'), { path });
    await expect(pull(path)).rejects.toThrow('no such subscription');
    for (let i = 0; i < 32; i += 1) await create();
    await expect(create()).rejects.toThrow('too many');
    for (let i = 0; i < 32; i += 1) await create('bob');
    await expect(create('eve')).rejects.toThrow('too many');
  });
});
