import { describe, expect, it } from '@jest/globals';
import { startEventLoopDelay, takeEventLoopDelay } from '../event-loop-delay.js';
import { localSource } from '../operations-source.js';
import { registry, removeCameraSeries } from './declare.js';
import { LABELS } from './labels.js';
import { metrics } from './metrics.js';

/** Names that would stand for as many values as there are clients, files or days. */
const UNBOUNDED = ['session', 'peer', 'address', 'path', 'url', 'user', 'segment', 'run', 'id'];
/** Prometheus gives every series these itself and would call ours `exported_...`. */
const TAKEN = ['job', 'instance'];

describe('the list of metrics', () => {
  it('keeps the house rules for names, help and labels', () => {
    const all: any[] = registry.getMetricsAsArray();
    expect(all).toHaveLength(Object.keys(metrics).length);
    for (const { name, help, type, labelNames } of all) {
      expect(name).toMatch(/^nightjar_[a-z]+(_[a-z]+)*$/);
      expect(help).toMatch(/\.$/);
      expect(name.endsWith('_total')).toBe(type === 'counter');
      if (type === 'histogram') expect(name).toMatch(/_seconds$/);
      expect(labelNames.filter((label: string) => !Object.hasOwn(LABELS, label))).toEqual([]);
    }
    expect([...UNBOUNDED, ...TAKEN].filter((label) => Object.hasOwn(LABELS, label))).toEqual([]);
  });

  it('has fields named after the metrics', () => {
    const fieldOf = (name: string) =>
      name
        .replace(/^nightjar_|_total$/g, '')
        .replace(/_([a-z])/g, (_match, letter: string) => letter.toUpperCase());
    const named = registry.getMetricsAsArray().map(({ name }) => fieldOf(name));
    expect(Object.keys(metrics).toSorted()).toEqual(named.toSorted());
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

it('measures the delay of the event loop once started', async () => {
  expect(takeEventLoopDelay()).toEqual([]);
  startEventLoopDelay();
  let percentiles: [string, number][] = [];
  while (percentiles.length === 0) {
    await new Promise(setImmediate);
    percentiles = takeEventLoopDelay();
  }
  expect(percentiles.map(([percentile]) => percentile)).toEqual(['50', '90', '99', '100']);
  expect(percentiles.every(([, seconds]) => seconds >= 0 && seconds < 60)).toBe(true);
});

it('has, with what Node.js tells, the labels of the list and no other', async () => {
  localSource('media', () => ({ ready: true, reasons: [] }));
  const used = new Set<string>(['role', 'shard']);
  for (const { labelNames } of registry.getMetricsAsArray() as any[])
    for (const label of labelNames) used.add(label);
  expect(Object.keys(LABELS).filter((label) => !used.has(label))).toEqual([]);
  expect([...used].filter((label) => !Object.hasOwn(LABELS, label))).toEqual([]);
});
