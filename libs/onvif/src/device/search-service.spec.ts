import { beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock, NightjarError } from '@nightjar/common';
import { printXml, xml, type XmlNode } from '../xml/print-xml.js';
import { parseXml } from '../xml/parse-xml.js';
import type { XmlElement } from '../xml/element.js';
import type { ArchivePort, RecordedEvent, Recording } from './archive-port.js';
import { recordingService } from './recording-service.js';
import { replayService } from './replay-service.js';
import { searchService } from './search-service.js';
import { onvifTopic } from './topics.js';

const recording = (token: string): Recording => ({
  token,
  name: token,
  location: '',
  description: 'main',
  sourceId: `urn:${token}`,
  profile: token,
  earliestMs: 1_000,
  latestMs: 2_000,
  growing: false,
  hasAudio: true,
  retentionMs: 0,
  priority: 50,
});
const ALL = ['a', 'b', 'c'].map(recording);

describe('searches', () => {
  let clock: ManualClock;
  let looked: string[];
  /** Lets one event more be found. */
  let release: () => void;
  let operations: ReturnType<typeof searchService<string>>['operations'];

  beforeEach(() => {
    clock = new ManualClock();
    looked = [];
    const event = (n: number): RecordedEvent => ({
      recording: ALL[0]!,
      event: {
        topic: onvifTopic(n % 2 === 0 ? 'VideoSource/MotionAlarm' : 'Device/Trigger'),
        atMs: n,
        source: [],
        data: [],
      },
    });
    const port: ArchivePort<string> = {
      recordings: async (caller) => (caller === 'ann' ? ALL : ALL.slice(0, 1)),
      attributes: async (_recording, atMs) =>
        atMs < 1_000 ? undefined : { startMs: 1_000, endMs: 2_000 },
      async *events(recordings, { startMs, endMs }, backwards) {
        looked.push(`${recordings.length} ${startMs}-${endMs} ${backwards}`);
        for (let n = 0; n < 6; n += 1) yield event(n);
        await new Promise<void>((resolve) => {
          release = resolve;
        });
        yield event(6);
      },
      statesAt: async () => [event(100)],
      replayUri: ({ token }, protocol) => `${token} ${protocol}`,
      ownerOf: (caller) => caller,
    };
    operations = {
      ...searchService(port, { clock }).operations,
      ...recordingService(port).operations,
      ...replayService(port).operations,
    };
  });

  async function call(node: XmlNode, caller = 'ann'): Promise<XmlElement> {
    const request = parseXml(Buffer.from(printXml(node)));
    const answer = await operations[request.name]!.answer({
      request,
      headers: [],
      caller,
      origin: 'http://h',
      path: '',
      signal: new AbortController().signal,
    });
    return parseXml(Buffer.from(printXml(answer)));
  }

  const find = async (...content: XmlNode[]): Promise<string> => {
    const node = xml('tse:FindRecordings', content, xml('tse:KeepAliveTime', 'PT10S'));
    return (await call(node)).textAt('SearchToken')!;
  };
  const results = async (token: string, max: number, caller?: string): Promise<string[]> => {
    const node = xml(
      'tse:GetRecordingSearchResults',
      xml('tse:SearchToken', token),
      xml('tse:MaxResults', max),
    );
    const list = (await call(node, caller)).child('ResultList')!;
    const found = list.childrenNamed('RecordingInformation');
    return [list.textAt('SearchState')!, ...found.map((one) => one.textAt('RecordingToken')!)];
  };

  it('give each result once, bit by bit', async () => {
    const token = await find();
    expect(await results(token, 2)).toEqual(['Searching', 'a', 'b']);
    expect(await results(token, 2)).toEqual(['Completed', 'c']);
    expect(await results(token, 2)).toEqual(['Completed']);
  });

  it('find what their scope names, and so many as they are asked for', async () => {
    const scope = xml('tse:Scope', xml('tt:IncludedRecordings', 'b'));
    expect(await results(await find(scope), 10)).toEqual(['Completed', 'b']);
    expect(await results(await find(xml('tse:MaxMatches', 2)), 10)).toEqual([
      'Completed',
      'a',
      'b',
    ]);
    const filter = xml('tse:Scope', xml('tt:RecordingInformationFilter', 'boolean(//Track)'));
    await expect(find(filter)).rejects.toThrow('not filtered');
  });

  it('belong to who began them, and end when nobody asks', async () => {
    const token = await find();
    await expect(results(token, 1, 'bob')).rejects.toThrow('no such search');
    clock.advance(9_000);
    await results(token, 1);
    clock.advance(9_000);
    await results(token, 1);
    clock.advance(10_000);
    await expect(results(token, 1)).rejects.toThrow('no such search');
  });

  it('end on request, and are not too many', async () => {
    const token = await find();
    await call(xml('tse:EndSearch', xml('tse:SearchToken', token)));
    await expect(results(token, 1)).rejects.toThrow('no such search');
    for (let n = 0; n < 32; n += 1) await find();
    await expect(find()).rejects.toThrow('too many');
    const asked = xml('tse:FindRecordings', xml('tse:KeepAliveTime', 'PT10S'));
    expect((await call(asked, 'bob')).textAt('SearchToken')).toMatch(/^[0-9a-f]{24}$/);
  });

  it('wait so long for events, look backwards, and filter by topic', async () => {
    const topic = {
      ...xml('wsnt:TopicExpression', 'tns1:VideoSource/MotionAlarm'),
      uses: ['tns1' as const],
    };
    const node = xml(
      'tse:FindEvents',
      xml('tse:StartPoint', '2026-01-01T00:00:02Z'),
      xml('tse:EndPoint', '2026-01-01T00:00:01Z'),
      xml('tse:SearchFilter', topic),
      xml('tse:IncludeStartState', true),
      xml('tse:KeepAliveTime', 'PT60S'),
    );
    const token = (await call(node)).textAt('SearchToken')!;
    const next = async (wait: string): Promise<string[]> => {
      const asked = xml(
        'tse:GetEventSearchResults',
        xml('tse:SearchToken', token),
        xml('tse:WaitTime', wait),
      );
      const list = (await call(asked)).child('ResultList')!;
      const found = list.childrenNamed('Result').map((one) => Date.parse(one.textAt('Time')!));
      return [list.textAt('SearchState')!, ...found.map(String)];
    };
    const waiting = next('PT5S');
    for (let n = 0; n < 50; n += 1) await Promise.resolve();
    clock.advance(5_000);
    expect(await waiting).toEqual(['Searching', '100', '0', '2', '4']);
    expect(looked).toEqual([
      `3 ${Date.UTC(2026, 0, 1, 0, 0, 1)}-${Date.UTC(2026, 0, 1, 0, 0, 2)} true`,
    ]);
    const last = next('PT5S');
    release();
    expect(await last).toEqual(['Completed', '6']);
    const other = xml('tse:GetRecordingSearchResults', xml('tse:SearchToken', token));
    await expect(call(other)).rejects.toThrow('no such search');
  });

  it.each<[string, XmlNode]>([
    [
      'a recording that is not there',
      xml('tse:GetRecordingInformation', xml('tse:RecordingToken', 'x')),
    ],
    ['no recording', xml('tse:GetRecordingInformation')],
    ['no time', xml('tse:GetMediaAttributes', xml('tse:RecordingTokens', 'a'))],
    ['no real time', xml('tse:GetMediaAttributes', xml('tse:Time', 'now'))],
    ['no start', xml('tse:FindEvents', xml('tse:KeepAliveTime', 'PT1S'))],
    [
      'no track',
      xml('trc:GetTrackConfiguration', xml('trc:RecordingToken', 'a'), xml('trc:TrackToken', 'x')),
    ],
    ['no job', xml('trc:GetRecordingJobState', xml('trc:JobToken', 'x'))],
    [
      'no such stream',
      xml(
        'trp:GetReplayUri',
        xml('trp:RecordingToken', 'a'),
        xml(
          'trp:StreamSetup',
          xml('tt:Stream', 'x'),
          xml('tt:Transport', xml('tt:Protocol', 'RTSP')),
        ),
      ),
    ],
  ])('refuse %s', async (_name, node) => {
    await expect(call(node)).rejects.toBeInstanceOf(NightjarError);
  });

  it('see what the caller may see', async () => {
    const summary = await call(xml('tse:GetRecordingSummary'), 'bob');
    expect(summary.textAt('Summary', 'NumberRecordings')).toBe('1');
    const hidden = xml('tse:GetRecordingInformation', xml('tse:RecordingToken', 'b'));
    await expect(call(hidden, 'bob')).rejects.toThrow('no recording b');
    const attributes = await call(
      xml('tse:GetMediaAttributes', xml('tse:Time', '1970-01-01T00:00:00Z')),
    );
    expect(attributes.children).toEqual([]);
  });
});
