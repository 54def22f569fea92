import { beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '@nightjar/common';
import { parseConfig, type NightjarConfig } from '@nightjar/config';
import { formatOf } from '@nightjar/rtp';
import type { SdpTrack } from '@nightjar/rtsp';
import type { Source, SourceSink, SourceStats } from '../source/source.js';
import { Relay } from './relay.js';

const configured = async (whenOffline: string): Promise<NightjarConfig['cameras']> => {
  const text = `
version: 1
cameras:
  front: { streams: { main: { url: rtsp://a/1, whenOffline: ${whenOffline} }, sub: rtsp://a/2 } }
  yard: { streams: { main: rtsp://b/1 } }
`;
  return (await parseConfig(text, 'n.yaml', {})).config.cameras;
};

describe('what players of a stream are given', () => {
  let relay: Relay;
  let made: string[];
  let mismatches: string[];
  let sinks: Map<string, SourceSink>;

  beforeEach(() => {
    made = [];
    mismatches = [];
    sinks = new Map();
    relay = new Relay({
      clock: new ManualClock(),
      closeAfterMs: 0,
      cname: 'test',
      gopCacheBytes: 0,
      createSource: (camera, stream, _, sink): Source => {
        made.push(`${camera.name}/${stream}`);
        sinks.set(`${camera.name}/${stream}`, sink);
        return {
          start: () => undefined,
          stop: () => Promise.resolve(),
          stats: { state: 'playing' } as SourceStats,
        };
      },
      createPublication: () => {
        throw new Error('nothing is published');
      },
      onShown: () => undefined,
      onUnfit: () => undefined,
      onMismatch: ({ camera, stream }, fallback) =>
        mismatches.push(`${camera}/${stream} ${fallback}`),
      onTalk: () => undefined,
      onError: () => undefined,
    });
  });

  it("is the camera's own hub, for as long as they like or not", async () => {
    relay.apply(await configured('hold'));
    const front = relay.get('front', 'main')!;
    const { hub, stayMs } = relay.view(front);
    expect([hub === front.hub, stayMs()]).toEqual([true, undefined]);
    relay.apply(await configured('{ strategy: disconnect, after: 7s }'));
    expect(relay.get('front', 'main')).toBe(front);
    expect([stayMs(), relay.view(front).hub === front.hub]).toEqual([7_000, true]);
  });

  it('is looked at as soon as both streams are known: one of another codec is told once', async () => {
    const track = (codec: 'pcmu' | 'pcma'): SdpTrack => ({
      format: formatOf({ codec, sampleRateHz: 8000, channels: 1 }, 0),
      control: '',
      direction: 'recvonly',
    });
    for (const [other, told] of [
      ['pcma', ['front/main front/sub']],
      ['pcmu', []],
    ] as const) {
      mismatches = [];
      relay.apply({});
      relay.apply(await configured('{ strategy: fallback, fallback: sub }'));
      for (const stream of ['main', 'sub']) void relay.get('front', stream)!.hub.ready(1_000);
      sinks.get('front/main')!.online([track('pcmu')]);
      expect(mismatches).toEqual([]);
      sinks.get('front/sub')!.online([track(other)]);
      sinks.get('front/sub')!.online([track(other)]);
      expect(mismatches).toEqual(told);
    }
  });

  it('is one hub for all of them where something takes the place of the camera', async () => {
    relay.apply(await configured('slate'));
    const front = relay.get('front', 'main')!;
    const { hub } = relay.view(front);
    expect(hub).not.toBe(front.hub);
    expect(relay.view(front).hub).toBe(hub);
    expect(relay.view(relay.get('front', 'sub')!).hub).toBe(relay.get('front', 'sub')!.hub);
  });

  it('is another when the configuration says so, and the camera is not disturbed by that', async () => {
    relay.apply(await configured('slate'));
    const front = relay.get('front', 'main')!;
    const { hub } = relay.view(front);
    relay.apply(await configured('slate'));
    expect(relay.view(front).hub).toBe(hub);
    relay.apply(await configured('{ strategy: fallback, fallback: sub }'));
    expect(relay.get('front', 'main')).toBe(front);
    expect(relay.view(front).hub).not.toBe(hub);
    await expect(hub.ready(1)).rejects.toMatchObject({ message: /removed/ });
    expect(made).toEqual([]);
  });
});
