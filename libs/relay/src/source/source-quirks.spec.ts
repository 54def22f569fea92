import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '@nightjar/common';
import { parseConfig } from '@nightjar/config';
import { encodeRtp } from '@nightjar/rtp';
import { createRtspSource } from './rtsp-source.js';
import type { Source } from './source.js';
import { DEFAULT_QUIRKS, type SourceQuirks } from './source-quirks.js';
import { StartGate } from './start-gate.js';
import { Camera, NotingSink } from './testing/camera.js';

const configOf = (stream: string): Promise<Awaited<ReturnType<typeof parseConfig>>> =>
  parseConfig(`version: 1\ncameras: { front: { streams: { main: ${stream} } } }`, 'test.yaml', {});

describe('the quirks of a stream', () => {
  it.each(['rtsp://cam/live', '{ url: "rtsp://cam/live" }'])(
    'are by default those of a source, for %s',
    async (stream) => {
      const { config } = await configOf(stream);
      expect(config.cameras['front']?.streams['main']).toMatchObject({ quirks: DEFAULT_QUIRKS });
    },
  );

  it('are named one by one, the others stay', async () => {
    const { config } = await configOf('{ url: "rtsp://cam/live", quirks: { teardown: never } }');
    expect(config.cameras['front']?.streams['main']).toMatchObject({
      quirks: { ...DEFAULT_QUIRKS, teardown: 'never' },
    });
  });

  it.each([
    ['{ url: "rtsp://cam/live", quirks: { teardown: sometimes } }', /teardown/],
    ['{ url: "rtsp://cam/live", quirks: { tear-down: never } }', /tear-down/],
  ])('are refused where they are none: %s', async (stream, complaint) => {
    await expect(configOf(stream)).rejects.toThrow(complaint);
  });
});

describe('a camera with ways of its own', () => {
  let camera: Camera;
  let sink: NotingSink;
  let source: Source;
  let port: number;

  const play = async (quirks: Partial<SourceQuirks>): Promise<void> => {
    const clock = new ManualClock();
    const log = { debug: () => undefined, info: () => undefined, warn: () => undefined };
    source = createRtspSource(
      {
        url: `rtsp://127.0.0.1:${port}/live`,
        transport: 'tcp',
        quirks,
        inactivityMs: 5_000,
        reconnect: { initialMs: 1_000, maxMs: 8_000 },
        gate: new StartGate(clock, { spacingMs: 0 }),
        clock,
        log,
      },
      sink,
    );
    source.start();
    await sink.seen('online');
  };
  beforeEach(async () => {
    camera = new Camera();
    sink = new NotingSink();
    port = await camera.open();
  });
  afterEach(async () => {
    await source.stop();
    await camera.close();
  });

  it('is left without a word where it takes that for the end of all', async () => {
    await play({ teardown: 'never' });
    await source.stop();
    expect(camera.methods).toEqual(['OPTIONS', 'DESCRIBE', 'SETUP', 'PLAY']);
    expect(sink.log.at(-1)).toBe('offline stopped');
  });

  it('is left in order where it mixes up its sessions, to be connected anew', async () => {
    await play({ unassignedChannel: 'reconnect' });
    const fields = { payloadType: 96, sequence: 1, timestamp: 1, ssrc: 1, marker: true };
    camera.media(encodeRtp(fields, Buffer.from('x')), 0);
    await sink.seen('rtp 1');
    camera.media(encodeRtp(fields, Buffer.from('x')), 8);
    await sink.seen('offline protocol');
    expect(source.stats.state).toBe('waiting');
  });
});
