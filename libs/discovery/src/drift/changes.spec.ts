import { describe, expect, it } from '@jest/globals';
import type { Device, DeviceProfile, DeviceReading } from '@nightjar/catalog';
import { changesOf, newChanges } from './changes.js';

const PROFILE = {
  token: 'main',
  codec: 'H264',
  width: 1920,
  height: 1080,
  framesPerSecond: 25,
  gopFrames: 50,
  bitrateKbps: 4096,
  streamUrl: 'rtsp://10.0.0.1:554/main',
} as DeviceProfile;

const DEVICE = {
  addresses: ['10.0.0.1'],
  firmware: '1.0',
  serial: 'S1',
  clockOffsetMs: 200,
  readAtMs: 1,
  changes: [],
  profiles: [PROFILE],
} as unknown as Device;

const READING = {
  serial: 'S1',
  firmware: '1.0',
  clockOffsetMs: 900,
  profiles: [PROFILE],
} as unknown as DeviceReading;

const changes = (over: Partial<DeviceReading>, address = '10.0.0.1', before = DEVICE) =>
  changesOf(before, address, { ...READING, ...over }, 7);

describe('what is other than before', () => {
  it('is nothing when all is as it was, or was not told', () => {
    expect(changes({})).toEqual([]);
    expect(
      changes({
        firmware: undefined,
        serial: undefined,
        profiles: undefined,
        clockOffsetMs: undefined,
      }),
    ).toEqual([]);
  });

  it.each<[string, Partial<DeviceReading>, string, string | null, string | null]>([
    ['firmware', { firmware: '2.0' }, 'firmware', '1.0', '2.0'],
    ['a clock', { clockOffsetMs: -3_600_000 }, 'clock', '0 s', '-3600 s'],
    ['a lost profile', { profiles: [] }, 'profile main', 'there', null],
    [
      'a codec',
      { profiles: [{ ...PROFILE, codec: 'H265' }] },
      'profile main codec',
      'H264',
      'H265',
    ],
    [
      'a size',
      { profiles: [{ ...PROFILE, width: 640, height: 360 }] },
      'profile main size',
      '1920x1080',
      '640x360',
    ],
    [
      'keyframes',
      { profiles: [{ ...PROFILE, gopFrames: 250 }] },
      'profile main frames per keyframe',
      '50',
      '250',
    ],
    [
      'a path',
      { profiles: [{ ...PROFILE, streamUrl: 'rtsp://10.0.0.1/new' }] },
      'profile main stream',
      '/main',
      '/new',
    ],
  ])('%s', (_name, over, what, before, after) => {
    expect(changes(over)).toEqual([{ what, before, after, atMs: 7 }]);
  });

  it('is the address alone when a camera moves', () => {
    const moved = [{ ...PROFILE, streamUrl: 'rtsp://10.0.0.9:554/main' }];
    expect(changes({ profiles: moved }, '10.0.0.9')).toEqual([
      { what: 'address', before: '10.0.0.1', after: '10.0.0.9', atMs: 7 },
    ]);
  });

  it('is told from the first value to the last, and no more when it is back', () => {
    const second = {
      ...DEVICE,
      firmware: '2.0',
      changes: [{ what: 'firmware', before: '1.0', after: '2.0', atMs: 3 }],
    };
    expect(changes({ firmware: '3.0' }, '10.0.0.1', second)).toEqual([
      { what: 'firmware', before: '1.0', after: '3.0', atMs: 7 },
    ]);
    expect(changes({ firmware: '1.0' }, '10.0.0.1', second)).toEqual([]);
    expect(changes({ firmware: '2.0' }, '10.0.0.1', second)).toEqual(second.changes);
  });

  it('is news once', () => {
    const first = changes({ firmware: '2.0' });
    expect(newChanges([], first)).toEqual(first);
    expect(newChanges(first, first)).toEqual([]);
    expect(newChanges(first, changes({ firmware: '3.0' }))).toHaveLength(1);
  });
});
