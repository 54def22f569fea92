import { describe, expect, it } from '@jest/globals';
import type { DeviceProfile } from '@nightjar/catalog';
import { chooseStreams } from './choose-streams.js';

const profile = (token: string, width: number, height: number, over = {}): DeviceProfile =>
  ({
    token,
    codec: 'H264',
    width,
    height,
    streamUrl: `rtsp://c/${token}`,
    ...over,
  }) as DeviceProfile;

const chosen = (...profiles: DeviceProfile[]): (string | undefined)[] | undefined => {
  const streams = chooseStreams(profiles);
  return streams && [streams.main.token, streams.sub?.token];
};

describe('the streams of a camera', () => {
  it.each([
    [
      'largest and smallest',
      [profile('s', 640, 360), profile('m', 1280, 720), profile('l', 3840, 2160)],
      ['l', 's'],
    ],
    ['one alone', [profile('only', 1920, 1080)], ['only', undefined]],
    [
      'the first of equal ones',
      [profile('a', 1920, 1080), profile('b', 1920, 1080)],
      ['a', undefined],
    ],
    [
      'the first of equal small ones',
      [profile('m', 1920, 1080), profile('x', 640, 360), profile('y', 640, 360)],
      ['m', 'x'],
    ],
    [
      'no JPEG',
      [profile('j', 3840, 2160, { codec: 'JPEG' }), profile('h', 640, 360, { codec: 'H265' })],
      ['h', undefined],
    ],
    ['none without an address', [profile('n', 640, 360, { streamUrl: undefined })], undefined],
    ['none of none', [], undefined],
    [
      'sizes that are not told',
      [profile('u', 0, 0, { width: undefined, height: undefined }), profile('k', 640, 360)],
      ['k', 'u'],
    ],
  ] as const)('%s', (_name, profiles, expected) => {
    expect(chosen(...profiles)).toEqual(expected);
  });
});
