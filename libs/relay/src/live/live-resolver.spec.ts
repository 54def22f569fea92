import { beforeEach, describe, expect, it } from '@jest/globals';
import { AccessPolicy } from '@nightjar/access';
import { ManualClock, NightjarError } from '@nightjar/common';
import { parseConfig } from '@nightjar/config';
import { LiveResolver } from './live-resolver.js';
import { Relay } from './relay.js';

const CONFIG =
  'version: 1\ncameras: { front: { streams: { main: "rtsp://a/1", sub: "rtsp://a/2" } } }';

describe('a live address', () => {
  let resolver: LiveResolver;

  beforeEach(async () => {
    const clock = new ManualClock();
    const relay = new Relay({
      clock,
      closeAfterMs: 0,
      cname: 'test',
      gopCacheBytes: 0,
      createSource: () => {
        throw new Error('nobody plays');
      },
      createPublication: () => {
        throw new Error('nothing is published');
      },
      onShown: () => undefined,
      onUnfit: () => undefined,
      onMismatch: () => undefined,
      onTalk: () => undefined,
      onError: () => undefined,
    });
    relay.apply((await parseConfig(CONFIG, 'test.yaml', {})).config.cameras);
    resolver = new LiveResolver({
      relay,
      policy: new AccessPolicy({}),
      clock,
      startTimeoutMs: 1,
      maxQueueBytes: 1,
      onSkip: () => undefined,
      onCut: () => undefined,
      onReaders: () => undefined,
    });
  });

  const resolve = async (address: string): Promise<unknown> => {
    const [path = '', query] = address.split('?');
    try {
      return (await resolver.resolve(path, new URLSearchParams(query), undefined)).shared;
    } catch (error) {
      return error instanceof NightjarError ? [error.kind, error.where['reason']] : error;
    }
  };

  it.each([
    ['front', 'front'],
    ['front/main', 'front'],
    ['front?stream=main', 'front'],
    ['front/sub', 'front sub'],
    ['front?stream=sub', 'front sub'],
    ['front/sub?stream=sub&multicast', 'front sub'],
  ])('%s names one stream, and one group, whatever its form', async (address, shared) => {
    expect(await resolve(address)).toBe(shared);
  });

  it.each([
    ['front/sub?stream=main', 'invalid', 'The path names another stream than the query'],
    ['front/low', 'not-found', 'No such stream: front has main, sub'],
    ['front?stream=low', 'not-found', 'No such stream: front has main, sub'],
    ['front/sub/x', 'not-found', 'No such stream: front has main, sub'],
    ['back', 'not-found', 'No such camera'],
    ['', 'not-found', 'No such camera'],
    ['__proto__/constructor', 'not-found', 'No such camera'],
  ])('%s is refused in words that help', async (address, ...refusal) => {
    expect(await resolve(address)).toEqual(refusal);
  });
});
