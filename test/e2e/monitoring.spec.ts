import { spawnSync } from 'node:child_process';
import { describe, expect } from '@jest/globals';
import { LABELS } from '@nightjar/monitoring';
import { Appliance, VIEWER } from './support/appliance.js';
import { Cameras } from './support/cameras.js';
import { eventually } from './support/eventually.js';
import { recordedCameraAt } from './support/installation.js';
import { Metrics } from './support/metrics.js';
import { runProgram } from './support/program.js';
import { sharedStage, type Stage } from './support/stage.js';

const SET_UP_MS = 90_000;
/** A histogram has this label, for its buckets. */
const BUCKET = 'le';

/** A site where something is wrong: one camera records, one is away. */
async function setUp(stage: Stage): Promise<Appliance> {
  const cameras = await Cameras.start(stage, { yard: 'synthetic', gate: 'synthetic' });
  await cameras.inject('gate', { refuse: true });
  const nightjar = await Appliance.start(stage, {
    recording: { segment: '2s' },
    retention: { interval: '1s' },
    cameras: {
      yard: recordedCameraAt(cameras.url('yard'), { retention: { maxBytes: '2MiB' } }),
      gate: recordedCameraAt(cameras.url('gate')),
    },
  });
  await eventually(
    async () => {
      const metrics = await Metrics.scrape(nightjar.operations);
      expect(
        metrics.sum('nightjar_retention_deleted_segments_total', { rule: 'maxBytes' }),
      ).toBeGreaterThan(0);
    },
    { withinMs: SET_UP_MS, everyMs: 250 },
  );
  return nightjar;
}

describe('monitoring', () => {
  const site = sharedStage(SET_UP_MS, setUp);

  site('serves metrics that promtool finds nothing wrong with', 10_000, async (nightjar) => {
    const { text } = await Metrics.scrape(nightjar.operations);
    const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], {
      input: text,
      encoding: 'utf8',
    });
    expect({ status, said: stdout + stderr }).toEqual({ status: 0, said: '' });
  });

  site('measures requests, the database and the clocks of cameras', 20_000, async (nightjar) => {
    expect((await nightjar.fetch('/api/v1/cameras')).status).toBe(200);
    expect((await nightjar.fetch('/nothing')).status).toBe(404);
    const url = nightjar.rtspUrl('yard', VIEWER);
    const probe = await runProgram('ffprobe', ['-v', 'error', '-rtsp_transport', 'tcp', url]);
    expect(probe.code).toBe(0);
    const metrics = await Metrics.scrape(nightjar.operations);
    const count = (name: string, labels: Record<string, string>): number =>
      metrics.sum(`nightjar_${name}_duration_seconds_count`, labels);
    expect(count('http_request', { method: 'GET', status: '200' })).toBeGreaterThan(0);
    expect(count('http_request', { method: 'GET', status: '404' })).toBe(1);
    expect(count('rtsp_request', { method: 'DESCRIBE' })).toBeGreaterThan(0);
    expect(count('database_query', { role: 'control' })).toBeGreaterThan(0);
    expect(metrics.sum('nightjar_database_up', { role: 'worker' })).toBe(1);
    const ahead = metrics.samples.filter(
      ({ name }) => name === 'nightjar_camera_clock_ahead_seconds',
    );
    expect(ahead).toEqual([
      {
        name: expect.any(String),
        labels: expect.objectContaining({ camera: 'yard' }),
        value: expect.any(Number),
      },
    ]);
    // Its clock is ours.
    expect(Math.abs(ahead[0]?.value ?? NaN)).toBeLessThan(1);
  });

  site('gives no series a label that could grow without bounds', 10_000, async (nightjar) => {
    const { samples } = await Metrics.scrape(nightjar.operations);
    const values = new Map<string, Set<string>>();
    for (const { labels } of samples)
      for (const [label, value] of Object.entries(labels))
        values.set(label, (values.get(label) ?? new Set()).add(value));
    values.delete(BUCKET);
    expect([...values.keys()].filter((label) => !Object.hasOwn(LABELS, label))).toEqual([]);
    expect([...(values.get('camera') ?? [])].toSorted()).toEqual(['gate', 'yard']);
    expect([...(values.get('volume') ?? [])]).toEqual(['main']);
    expect([...(values.get('role') ?? [])].toSorted()).toEqual([
      'appliance',
      'control',
      'media',
      'worker',
    ]);
  });
});
