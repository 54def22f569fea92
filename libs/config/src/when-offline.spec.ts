import { describe, expect, it } from '@jest/globals';
import { ConfigError } from './issue.js';
import { parseConfig } from './load.js';
import type { WhenOfflineConfig } from './model.js';

const fileWith = (whenOffline: string): string => `
version: 1
cameras:
  front:
    streams:
      main: { url: rtsp://a/1, whenOffline: ${whenOffline} }
      sub: rtsp://a/2
  yard: { streams: { main: rtsp://b/1 } }
`;

async function read(whenOffline: string): Promise<WhenOfflineConfig | string> {
  try {
    const { config } = await parseConfig(fileWith(whenOffline), 'n.yaml', {});
    return config.cameras['front']!.whenOffline['main']!;
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split('whenOffline').at(-1)!;
    throw error;
  }
}

describe('what players see while a camera is away', () => {
  it.each<[string, WhenOfflineConfig]>([
    ['slate', { strategy: 'slate', fallback: undefined, afterMs: 2_000 }],
    [
      '{ strategy: disconnect, after: 0s }',
      { strategy: 'disconnect', fallback: undefined, afterMs: 0 },
    ],
    [
      '{ strategy: fallback, fallback: sub }',
      { strategy: 'fallback', fallback: { camera: 'front', stream: 'sub' }, afterMs: 2_000 },
    ],
    [
      '{ strategy: fallback, fallback: yard/main, after: 1m }',
      { strategy: 'fallback', fallback: { camera: 'yard', stream: 'main' }, afterMs: 60_000 },
    ],
  ])('is read: %s', async (text, value) => {
    expect(await read(text)).toEqual(value);
  });

  it.each([
    ['{ strategy: fallback }', ': strategy: fallback needs the name of a stream: fallback'],
    ['{ strategy: slate, fallback: sub }', '.fallback: has a meaning with strategy: fallback only'],
    [
      '{ strategy: fallback, fallback: low }',
      '.fallback: camera front has no stream "low"; it has main, sub',
    ],
    ['{ strategy: fallback, fallback: back/main }', '.fallback: there is no camera "back"'],
    ['{ strategy: fallback, fallback: __proto__/x }', '.fallback: there is no camera "__proto__"'],
    ['{ strategy: fallback, fallback: main }', '.fallback: a stream cannot take its own place'],
    [
      '{ strategy: fallback, fallback: front/main }',
      '.fallback: a stream cannot take its own place',
    ],
  ])('is refused in words that help: %s', async (text, message) => {
    expect(await read(text)).toBe(message);
  });
});
