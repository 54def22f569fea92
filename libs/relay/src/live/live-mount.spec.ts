import { beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '@nightjar/common';
import type { SdpTrack } from '@nightjar/rtsp';
import { StreamHub } from '../hub/stream-hub.js';
import type { MountStream, StreamOutput } from '../rtsp-server/mount.js';
import type { SourceSink } from '../source/source.js';
import { LiveMount } from './live-mount.js';

const track = (encodingName: 'PCMU' | 'PCMA'): SdpTrack => ({
  format: {
    kind: 'audio',
    codec: encodingName === 'PCMU' ? 'pcmu' : 'pcma',
    payloadType: 0,
    clockRateHz: 8000,
    channels: 1,
    encodingName,
    fmtp: {},
  },
  control: '',
  direction: 'recvonly',
});

describe('a session of a live stream', () => {
  let camera: SourceSink;
  let cuts: string[];
  let stream: MountStream;

  beforeEach(async () => {
    const clock = new ManualClock();
    const hub = new StreamHub({
      clock,
      closeAfterMs: 60_000,
      cname: 'test',
      createSource: (sink) => ({
        start: () => (camera = sink).online([track('PCMU')]),
        stop: () => Promise.resolve(),
        stats: { state: 'playing' } as never,
      }),
    });
    cuts = [];
    const output: StreamOutput = {
      transport: 'tcp',
      queuedBytes: 0,
      ssrc: () => 1,
      batch: () => undefined,
      send: () => undefined,
      flush: () => true,
      drained: () => Promise.resolve(),
      stopped: () => undefined,
      end: () => undefined,
      cut: (reason) => cuts.push(reason),
    };
    const mount = new LiveMount({
      hub,
      camera: 'front',
      name: 'front/main',
      sessionId: '1',
      startTimeoutMs: 1_000,
      maxQueueBytes: 1_000,
      clock,
      stayMs: () => undefined,
      onSkip: () => undefined,
      onReaders: () => undefined,
      observer: { traffic: {}, cut: () => undefined } as never,
    });
    await mount.describe([]);
    stream = mount.open(output, [0]);
  });

  it('plays what it was set up for, also when the camera was away in between', async () => {
    camera.offline('closed', 'gone');
    camera.online([track('PCMU')]);
    await stream.play({} as never);
    expect(cuts).toEqual([]);
  });

  it('is not played when the camera has other tracks since it was set up', async () => {
    camera.online([track('PCMA')]);
    await expect(stream.play({} as never)).rejects.toMatchObject({
      code: 'relay/tracks-changed',
      where: { status: 454 },
    });
  });

  it('ends when the camera comes back with other tracks', async () => {
    camera.offline('closed', 'gone');
    await stream.play({} as never);
    expect(cuts).toEqual([]);
    camera.online([track('PCMA')]);
    expect(cuts).toEqual(['tracks-changed']);
  });
});
