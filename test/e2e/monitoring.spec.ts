import { spawn, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect } from '@jest/globals';
import { LABELS } from '@nightjar/monitoring';
import { DASHBOARDS } from '../../grafana/src/dashboards/index.js';
import { Appliance, VIEWER } from './support/appliance.js';
import { Cameras } from './support/cameras.js';
import { eventually } from './support/eventually.js';
import { recordedCameraAt } from './support/installation.js';
import { Metrics } from './support/metrics.js';
import { Prometheus } from './support/prometheus.js';
import { runProgram } from './support/program.js';
import { sharedStage, type Stage } from './support/stage.js';

/** Series that are there once something went wrong that does not go wrong here; their queries are only checked. */
const ACCIDENTS = [
  'source_packets_dropped_total',
  'reader_skips_total',
  'reader_cuts_total',
  'udp_packets_dropped_total',
  'recording_dropped_bytes_total',
  'volume_failures_total',
  'limit_refusals_total',
  'media_shard_load',
];
const GRAFANA = path.resolve(import.meta.dirname, '../../grafana');
const RULE_FILES = ['rules', 'alerts'].flatMap((folder) =>
  readdirSync(path.join(GRAFANA, folder)).map((file) => path.join(GRAFANA, folder, file)),
);
const RULES = RULE_FILES.map((file) => readFileSync(file, 'utf8'))
  .join('\n')
  .match(/^\s*(?:- )?(?:alert|record): /gm)?.length;
const INTRUDER = { username: 'viewer', password: 'not-that-one' };

interface Panel {
  readonly targets?: readonly { readonly expr: string }[];
}

/** What the panels ask, and what the choices of the dashboards are made of: the series of `label_values`. */
const [QUERIES, RARE] = (() => {
  const all = Object.values(DASHBOARDS).flatMap(({ templating, panels }) => [
    ...(templating?.list ?? []).flatMap(({ query }) =>
      typeof query === 'string' ? (/^label_values\((.+), \w+\)$/.exec(query)?.[1] ?? []) : [],
    ),
    ...((panels ?? []) as Panel[]).flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)),
  ]);
  const isRare = (query: string): boolean => ACCIDENTS.some((series) => query.includes(series));
  const unique = [...new Set(all)];
  return [unique.filter((query) => !isRare(query)), unique.filter(isRare)];
})();

/** A query as Grafana sends it for all that there is. */
function chosen(expr: string): string {
  return expr
    .replaceAll('$__rate_interval', '15s')
    .replaceAll('$__range', '1m')
    .replaceAll(/"\$\w+"/g, '".+"');
}

const SET_UP_MS = 90_000;
/** A histogram has this label, for its buckets. */
const BUCKET = 'le';

interface Site {
  readonly nightjar: Appliance;
  readonly prometheus: Prometheus;
}

/** A site where something is wrong: one camera records and was away for a moment, one is away. */
async function setUp(stage: Stage): Promise<Site> {
  const cameras = await Cameras.start(stage, { yard: 'synthetic', gate: 'synthetic' });
  await cameras.inject('gate', { refuse: true });
  const nightjar = await Appliance.start(stage, {
    recording: { segment: '2s' },
    retention: { interval: '1s' },
    rtsp: { tls: { selfSigned: true } },
    cameras: {
      yard: recordedCameraAt(cameras.url('yard'), { retention: { maxBytes: '2MiB' } }),
      gate: recordedCameraAt(cameras.url('gate')),
    },
  });
  await eventually(async () => expect(await nightjar.recordedSeconds('yard')).toBeGreaterThan(0), {
    withinMs: SET_UP_MS,
  });
  await cameras.inject('yard', { reboot: 1 });
  await eventually(
    async () => {
      const metrics = await Metrics.scrape(nightjar.operations);
      expect(
        metrics.sum('nightjar_retention_deleted_segments_total', { rule: 'maxBytes' }),
      ).toBeGreaterThan(0);
    },
    { withinMs: SET_UP_MS, everyMs: 250 },
  );
  return { nightjar, prometheus: await Prometheus.start(stage, nightjar.operations, RULE_FILES) };
}

describe('monitoring', () => {
  const site = sharedStage(SET_UP_MS, setUp);

  site('serves metrics that promtool finds nothing wrong with', 10_000, async ({ nightjar }) => {
    const { text } = await Metrics.scrape(nightjar.operations);
    const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], {
      input: text,
      encoding: 'utf8',
    });
    expect({ status, said: stdout + stderr }).toEqual({ status: 0, said: '' });
  });

  site(
    'measures requests, the database and the clocks of cameras',
    20_000,
    async ({ nightjar }) => {
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
    },
  );

  site('gives no series a label that could grow without bounds', 10_000, async ({ nightjar }) => {
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

  site('has data for every panel of the dashboards', 60_000, async ({ nightjar, prometheus }) => {
    expect((await nightjar.fetch('/api/v1/cameras', {}, INTRUDER)).status).toBe(401);
    await runProgram('ffprobe', ['-v', 'quiet', nightjar.rtspUrl('no-such-mount', VIEWER)]);
    const url = nightjar.rtspUrl('yard', VIEWER);
    const player = spawn('ffmpeg', `-v error -rtsp_transport tcp -i ${url} -f null -`.split(' '));
    try {
      await eventually(
        async () => {
          const answers = QUERIES.map(async (query) =>
            (await prometheus.query(chosen(query))).length > 0 ? [] : [query],
          );
          expect((await Promise.all(answers)).flat()).toEqual([]);
        },
        { withinMs: 40_000, everyMs: 500 },
      );
      for (const query of RARE) await prometheus.query(chosen(query));
    } finally {
      player.kill('SIGKILL');
    }
  });

  site('evaluates every rule, and knows which camera is down', 40_000, async ({ prometheus }) => {
    await eventually(
      async () => {
        const rules = await prometheus.rules();
        expect(rules.length).toBe(RULES);
        expect(rules.filter(({ health }) => health !== 'ok')).toEqual([]);
        const stirring = rules.filter(({ state }) => state === 'pending' || state === 'firing');
        const names = stirring.map(({ name }) => name);
        expect(names).toEqual(expect.arrayContaining(['NightjarCameraDown']));
        const cameras = stirring
          .flatMap(({ alerts }) => alerts ?? [])
          .map(({ labels }) => labels['camera']);
        expect(cameras).toContain('gate');
        // Nothing else is wrong here, but for what the outage of the other camera cost.
        expect(names).not.toContain('NightjarMetricsAbsent');
        expect(names).not.toContain('NightjarVolumeUnusable');
      },
      { withinMs: 40_000, everyMs: 500 },
    );
  });

  site(
    'nightjar probe waits for a picture, and says why there is none',
    40_000,
    async ({ nightjar }) => {
      const passwordFile = path.join(path.dirname(nightjar.configFile), 'viewer-password');
      const login = ['--login', VIEWER.username, '--password-file', passwordFile];
      const [camera, relayed, down, gone, locked] = await Promise.all([
        nightjar.cli(['probe', 'yard', '--json']),
        nightjar.cli(['probe', nightjar.rtspUrl('yard'), ...login]),
        nightjar.cli(['probe', 'gate', '--timeout', '1s']),
        nightjar.cli(['probe', 'yrad']),
        nightjar.cli(['probe', nightjar.rtspUrl('yard'), '--timeout', '1s']),
      ]);
      expect(JSON.parse(camera.stdout)).toMatchObject({ tracks: ['video H264'], quirks: [] });
      expect([relayed.code, relayed.stdout]).toEqual([
        0,
        expect.stringMatching(/^ok: .*video H264/),
      ]);
      expect([down.code, down.stderr]).toEqual([1, expect.stringMatching(/gate: refused \(/m)]);
      expect([gone.code, gone.stderr]).toEqual([
        1,
        expect.stringContaining('did you mean "yard"?'),
      ]);
      expect([locked.code, locked.stderr]).toEqual([1, expect.stringContaining('unauthorized')]);
    },
  );

  site('nightjar migrate finds nothing left to do', 20_000, async ({ nightjar }) => {
    const { code, stdout } = await nightjar.cli(['migrate']);
    expect([code, stdout]).toEqual([0, 'the schema is up to date\n']);
  });

  site(
    'nightjar doctor names the camera that is away, and nothing else',
    40_000,
    async ({ nightjar }) => {
      const { code, stdout } = await nightjar.cli(['doctor', '--json']);
      const findings = JSON.parse(stdout) as { subject: string; state: string; detail: string }[];
      const of = (state: string): string[] =>
        findings.filter((one) => one.state === state).map(({ subject }) => subject);
      expect(code).toBe(1);
      // A machine for tests follows no time server, or cannot tell.
      expect(of('problem').filter((subject) => subject !== 'time')).toEqual(['camera gate/main']);
      expect(findings.find(({ subject }) => subject === 'camera gate/main')?.detail).toContain(
        'refused',
      );
      expect(of('ok')).toEqual(
        expect.arrayContaining(['ports', 'volume main', 'database', 'camera yard/main']),
      );
    },
  );
});
