import { describe, expect, it } from '@jest/globals';
import { diffConfig, parseConfig, type NightjarConfig } from '@nightjar/config';
import { moreThan } from './deletions.js';
import { disturbancesOf, readersOf } from './disturbances.js';

async function config(cameras: object): Promise<NightjarConfig> {
  const text = JSON.stringify({ version: 1, cameras });
  return (await parseConfig(text, '/etc/nightjar/nightjar.yaml', {})).config;
}

const gate = {
  streams: { main: 'rtsp://10.0.0.1/main', sub: 'rtsp://10.0.0.1/sub' },
  record: 'continuous',
};
const PAGE = `
# TYPE nightjar_readers gauge
nightjar_readers{camera="gate",role="media",stream="main",transport="tcp"} 2
nightjar_readers{camera="gate",role="media",stream="main",transport="udp"} 1
nightjar_readers{camera="gate",role="media",stream="sub",transport="tcp"} 4
`;

async function disturbed(before: object, after: object) {
  const [old, next] = [await config(before), await config(after)];
  return disturbancesOf({ before: old, after: next }, diffConfig(old, next), readersOf(PAGE));
}

describe('what a change disturbs', () => {
  it.each([
    ['a new camera', { gate }, { gate, yard: gate }, []],
    ['nothing new', { gate }, { gate }, []],
    ['retention', { gate }, { gate: { ...gate, retention: { maxAge: '1d' } } }, []],
    [
      'a camera that goes',
      { gate },
      {},
      [
        { camera: 'gate', stream: 'main', source: true, recording: 'ends', readers: 3 },
        { camera: 'gate', stream: 'sub', source: true, recording: 'goes-on', readers: 4 },
      ],
    ],
    [
      'another address of a recorded stream',
      { gate },
      { gate: { ...gate, streams: { ...gate.streams, main: 'rtsp://10.0.0.1/other' } } },
      [{ camera: 'gate', stream: 'main', source: true, recording: 'begins-anew', readers: 3 }],
    ],
    [
      'another address of one stream',
      { gate },
      { gate: { ...gate, streams: { ...gate.streams, sub: 'rtsp://10.0.0.1/other' } } },
      [{ camera: 'gate', stream: 'sub', source: true, recording: 'goes-on', readers: 4 }],
    ],
    [
      'another recording',
      { gate },
      { gate: { ...gate, record: { stream: 'sub', mode: 'continuous' } } },
      [{ camera: 'gate', stream: 'main', source: false, recording: 'ends', readers: 0 }],
    ],
  ])('by %s', async (_, before, after, expected) => {
    expect(await disturbed(before, after)).toEqual(expected);
  });
});

describe('footage that goes because of a change', () => {
  const row = (camera: string, rule: 'maxAge' | 'maxBytes', segments: number, bytes: number) => ({
    camera,
    volume: 'main',
    rule,
    segments,
    bytes,
    oldest: '2026-11-20T00:00:00Z',
    newest: '2026-11-21T00:00:00Z',
  });

  it('is what did not go before', () => {
    const old = [row('gate', 'maxAge', 10, 100)];
    const next = [
      row('gate', 'maxAge', 4, 40),
      row('gate', 'maxBytes', 20, 200),
      row('yard', 'maxAge', 1, 9),
    ];
    expect(moreThan(old, next)).toEqual([
      { camera: 'gate', volume: 'main', rule: 'maxBytes', segments: 14, bytes: 140 },
      { camera: 'yard', volume: 'main', rule: 'maxAge', segments: 1, bytes: 9 },
    ]);
    expect(moreThan(next, old)).toEqual([]);
  });
});
