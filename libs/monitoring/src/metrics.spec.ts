import { describe, expect, it } from '@jest/globals';
import { startEventLoopDelay, takeEventLoopDelay } from './event-loop-delay.js';
import { methodLabel, metrics, registry, removeCameraSeries } from './metrics.js';

const UNBOUNDED = ['session', 'peer', 'address', 'path', 'url', 'user', 'segment', 'run'];

describe('the list of metrics', () => {
  it('keeps the house rules for names, help and labels', () => {
    const all: any[] = registry.getMetricsAsArray();
    expect(all).toHaveLength(Object.keys(metrics).length);
    for (const { name, help, type, labelNames } of all) {
      expect(name).toMatch(/^nightjar_[a-z]+(_[a-z]+)*$/);
      expect(help).toMatch(/\.$/);
      expect(name.endsWith('_total')).toBe(type === 'counter');
      if (type === 'histogram') expect(name).toMatch(/_seconds$/);
      expect(labelNames.filter((label: string) => UNBOUNDED.includes(label))).toEqual([]);
    }
  });

  it('has fields named after the metrics', () => {
    const fieldOf = (name: string) =>
      name
        .replace(/^nightjar_|_total$/g, '')
        .replace(/_([a-z])/g, (_match, letter: string) => letter.toUpperCase());
    expect(Object.keys(metrics)).toEqual(
      registry.getMetricsAsArray().map(({ name }) => fieldOf(name)),
    );
  });
});

it('has no value for a gauge that was never set', async () => {
  const all: any[] = await registry.getMetricsAsJSON();
  const bare = all.filter(({ type, values }) => type === 'gauge' && values.length > 0);
  expect(bare.filter(({ values }) => Object.keys(values[0].labels).length === 0)).toEqual([]);
  metrics.rtspSessions.set(0);
  expect(await registry.metrics()).toMatch(/^nightjar_rtsp_sessions 0$/m);
});

describe('removeCameraSeries', () => {
  it('removes all series of a camera and no other', async () => {
    for (const camera of ['front', 'yard']) {
      metrics.cameraUp.set({ camera, stream: 'main' }, 1);
      metrics.readers.set({ camera, stream: 'main', transport: 'tcp' }, 2);
      metrics.recordingGaps.inc({ camera, stream: 'main', reason: 'stalled' });
    }
    await removeCameraSeries('front');
    const text = await registry.metrics();
    expect(text).not.toContain('camera="front"');
    expect(text.match(/camera="yard"/g)).toHaveLength(3);
  });

  it('removes one stream alone', async () => {
    metrics.cameraUp.set({ camera: 'side', stream: 'main' }, 1);
    metrics.cameraUp.set({ camera: 'side', stream: 'sub' }, 1);
    await removeCameraSeries('side', 'sub');
    const text = await registry.metrics();
    expect(text).toContain('nightjar_camera_up{camera="side",stream="main"} 1');
    expect(text).not.toContain('stream="sub"');
  });
});

it('knows RTSP methods and calls all else other', () => {
  expect(['PLAY', 'GET_PARAMETER', 'play', 'X'.repeat(500)].map(methodLabel)).toEqual([
    'PLAY',
    'GET_PARAMETER',
    'other',
    'other',
  ]);
});

it('measures the delay of the event loop once started', async () => {
  expect(takeEventLoopDelay()).toEqual([]);
  startEventLoopDelay();
  let quantiles: [string, number][] = [];
  while (quantiles.length === 0) {
    await new Promise(setImmediate);
    quantiles = takeEventLoopDelay();
  }
  expect(quantiles.map(([quantile]) => quantile)).toEqual(['0.5', '0.9', '0.99', '1']);
  expect(quantiles.every(([, seconds]) => seconds >= 0 && seconds < 60)).toBe(true);
});
