import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { ConfigError, parseConfig } from '@nightjar/config';
import { objectionsTo, WITHOUT_SCHEMA } from './kubernetes.js';
import { CASES, CHART, helm, podsOf, render, template, type Resource } from './render.js';

const GOLDEN = path.join(import.meta.dirname, 'golden');
const cases = readdirSync(CASES);
const HOST_NETWORK = '04-host-network-values.yaml';

describe.each(cases)('%s', (file) => {
  const { text, resources } = render(file);
  const pods = podsOf(resources);

  it('passes helm lint --strict', () => {
    const { status, out, err } = helm(
      'lint',
      '--strict',
      CHART,
      '--values',
      path.join(CASES, file),
    );
    expect([status, status === 0 ? '' : out + err]).toEqual([0, '']);
  });

  it('renders what it did: npm run chart -- --update', () => {
    const golden = path.join(GOLDEN, file.replace('-values', ''));
    const told = comparable(text);
    if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(golden, told);
    expect(told).toBe(readFileSync(golden, 'utf8'));
  });

  it('makes objects that Kubernetes knows', () => {
    const known = resources.filter(({ apiVersion }) => !WITHOUT_SCHEMA.includes(apiVersion));
    expect(known.flatMap(objectionsTo)).toEqual([]);
    const names = resources.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
    expect(new Set(names).size).toBe(names.length);
  });

  it('gives Nightjar a configuration that it takes', async () => {
    const text = find(resources, 'ConfigMap', /^(nvr|nv-nightjar)$/)['data']['nightjar.yaml'];
    const env = { NIGHTJAR_QUEUE_URL: 'rediss://queue', NIGHTJAR_QUEUE_PASSWORD: 'x' };
    const issues = await parseConfig(text, '/etc/nightjar/config/nightjar.yaml', env).then(
      () => [],
      (error: unknown) => {
        if (!(error instanceof ConfigError)) throw error;
        return error.issues.map(({ message }) => message);
      },
    );
    // Its secrets are elsewhere.
    expect(issues.filter((issue) => !/\/etc\/nightjar\/(secrets|queue)\//.test(issue))).toEqual([]);
  });

  it('passes the Pod Security Standard restricted, but for the network of the host', () => {
    for (const { of, spec } of pods) {
      const where = `${of.kind} ${of.metadata.name}`;
      expect([where, spec.automountServiceAccountToken]).toEqual([where, false]);
      expect([where, spec.hostNetwork ?? false]).toEqual([
        where,
        file === HOST_NETWORK && where.endsWith('-control'),
      ]);
      expect([where, spec.hostPID, spec.hostIPC]).toEqual([where, undefined, undefined]);
      expect(spec.securityContext).toMatchObject({
        runAsNonRoot: true,
        seccompProfile: { type: 'RuntimeDefault' },
      });
      for (const { securityContext } of spec.containers)
        expect(securityContext).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        });
      for (const volume of spec.volumes ?? [])
        expect(Object.keys(volume)).toEqual([
          'name',
          expect.stringMatching(/^(configMap|secret|emptyDir|persistentVolumeClaim)$/),
        ]);
    }
  });

  it('mounts what there is, at places of its own', () => {
    const claims = resources
      .filter(({ kind }) => kind === 'StatefulSet')
      .flatMap(({ metadata, spec }: any) =>
        spec.volumeClaimTemplates.map((claim: any) => `${claim.metadata.name}-${metadata.name}-0`),
      );
    for (const { of, spec } of pods) {
      const own = (of['spec'].volumeClaimTemplates ?? []).map((claim: any) => claim.metadata.name);
      const volumes = [...(spec.volumes ?? []).map(({ name }: any) => name), ...own];
      for (const { volumeMounts = [], env = [] } of spec.containers) {
        for (const { name } of volumeMounts) expect(volumes).toContain(name);
        const places = volumeMounts.map(({ mountPath }: any) => mountPath);
        expect(new Set(places).size).toBe(places.length);
        const names = env.map(({ name }: any) => name);
        expect(new Set(names).size).toBe(names.length);
      }
      for (const { persistentVolumeClaim: claim } of spec.volumes ?? [])
        if (claim !== undefined) expect(claims).toContain(claim.claimName);
    }
  });

  it('has services whose ports pods have, and selectors that outlive an upgrade', () => {
    for (const { kind, spec } of resources as any[]) {
      const selector =
        spec?.selector?.matchLabels ?? (kind === 'Service' ? spec.selector : undefined);
      if (selector === undefined) continue;
      expect(Object.keys(selector)).not.toContain('helm.sh/chart');
      if (kind !== 'Service') continue;
      const chosen = pods.filter(({ labels }) =>
        Object.entries(selector).every(([label, value]) => labels[label] === value),
      );
      // Metrics are of all pods; everything else is served by one.
      if ('app.kubernetes.io/component' in selector) expect(chosen).toHaveLength(1);
      else expect(chosen.length).toBeGreaterThan(1);
      const ports = chosen.flatMap(({ spec: pod }) => pod.containers.flatMap((c: any) => c.ports));
      for (const { targetPort } of spec.ports)
        expect(ports.map(({ name }: any) => name)).toContain(targetPort);
    }
  });

  it('keeps footage when it is removed, and writes no secret down', () => {
    expect(find(resources, 'StatefulSet', /-media$/)['spec']).toMatchObject({
      podManagementPolicy: 'Parallel',
      persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' },
    });
    expect(resources.filter(({ kind }) => kind === 'Secret')).toEqual([]);
  });
});

describe('the schema of Kubernetes', () => {
  const media = (): any => {
    const { resources } = render('01-defaults-values.yaml');
    return structuredClone(find(resources, 'StatefulSet', /-media$/));
  };

  it.each<[string, (resource: any) => void, RegExp]>([
    [
      'a field that there is not',
      ({ spec }) => (spec.template.spec.containers[0].port = 1),
      /no field spec\.template\.spec\.containers\.0\.port$/,
    ],
    ['a value of another type', ({ spec }) => (spec.replicas = 'one'), /replicas must be/],
    ['what is missing', ({ spec }) => delete spec.selector, /selector/],
    ['a group without a schema', (resource) => (resource.apiVersion = 'apps/v0'), /no schema/],
  ])('objects to %s', (_, spoil, objection) => {
    const spoilt = media();
    spoil(spoilt);
    expect(objectionsTo(spoilt).join()).toMatch(objection);
  });
});

describe('the parts of a site', () => {
  const { resources } = render('02-site-values.yaml');

  it('media goes on without a database, control and worker do not', () => {
    const optional = podsOf(resources).flatMap(({ spec }) =>
      spec.containers.map(({ name, env = [] }: any) => [
        name,
        env.find((one: any) => one.name === 'NIGHTJAR_DATABASE_URL')?.valueFrom.secretKeyRef
          .optional,
      ]),
    );
    expect(Object.fromEntries(optional)).toMatchObject({
      media: true,
      worker: false,
      control: false,
    });
  });

  it('RTSP that comes to control by HTTP finds media', () => {
    const { 'nightjar.yaml': text } = find(resources, 'ConfigMap', /^nv-nightjar$/)['data'];
    const { metadata, spec } = find(resources, 'Service', /-rtsp$/);
    expect(parse(text).http.rtspServer).toEqual({ host: metadata.name, port: spec.ports[0].port });
  });

  it('readiness of media is its own, not that of the worker beside it', () => {
    const [media, worker] = find(resources, 'StatefulSet', /-media$/)['spec'].template.spec
      .containers;
    expect(media.readinessProbe.httpGet).toEqual({ path: '/readyz', port: 'ops' });
    expect(worker.readinessProbe).toBeUndefined();
  });

  it('lets in and out who is named, and nobody else', () => {
    const policies = resources.filter(({ kind }) => kind === 'NetworkPolicy') as any[];
    expect(policies).toHaveLength(2);
    for (const { spec } of policies) {
      expect(spec.policyTypes).toEqual(['Ingress', 'Egress']);
      for (const { from } of spec.ingress) expect(from.length).toBeGreaterThan(0);
      for (const { to } of spec.egress) expect(to.length).toBeGreaterThan(0);
    }
  });

  it('helm test plays through the service, with the login of a secret', () => {
    const { spec } = find(resources, 'Pod', /-test$/) as any;
    const service = find(resources, 'Service', /-rtsp$/).metadata.name;
    expect(spec.containers[0].args).toEqual(
      expect.arrayContaining(['probe', `rtsp://${service}:8554/front-door`, '--login', 'ann']),
    );
  });
});

it('rules leave out what is excluded, and name runbooks where they are', () => {
  const { resources } = render('06-monitoring-values.yaml');
  const groups = find(resources, 'PrometheusRule', /./)['spec'].groups;
  const rules = groups.flatMap((group: any) => group.rules);
  const alerts = rules.filter(({ alert }: any) => alert !== undefined);
  expect(alerts.map(({ alert }: any) => alert)).not.toContain('NightjarClockDrift');
  expect(alerts.length).toBe(readdirSync(path.join(CHART, 'files', 'alerts')).length - 1);
  for (const { alert, annotations } of alerts)
    expect(annotations.runbook_url).toBe(
      `https://git.example/nightjar/blob/main/docs/runbooks/${alert}.md`,
    );
  const dashboards = resources.filter(
    ({ metadata }) => metadata.labels?.['grafana_dashboard'] === '1',
  );
  expect(dashboards).toHaveLength(readdirSync(path.join(CHART, 'files', 'dashboards')).length);
  for (const { data } of dashboards)
    for (const text of Object.values(data)) expect(JSON.parse(String(text)).panels).toBeTruthy();
});

it('a service shows Prometheus what a pod monitor would', () => {
  const { resources } = render('07-service-monitor-values.yaml');
  const { selector, endpoints } = find(resources, 'ServiceMonitor', /./)['spec'];
  const services = resources.filter(
    ({ kind, metadata }) =>
      kind === 'Service' &&
      Object.entries(selector.matchLabels).every(([key, of]) => metadata.labels?.[key] === of),
  );
  expect(services).toHaveLength(1);
  const pods = find(render('06-monitoring-values.yaml').resources, 'PodMonitor', /./)['spec'];
  const ports = (of: any[]): string[] => of.map(({ port }) => port);
  expect(ports(endpoints)).toEqual(ports(pods.podMetricsEndpoints));
  expect(services[0]?.['spec'].ports.map(({ name }: any) => name)).toEqual(ports(endpoints));
});

describe('what makes no sense is refused, with the reason', () => {
  const CAMERA = 'config.cameras.yard.streams.main=rtsp://cam/1';
  it.each<[string, string[], RegExp]>([
    ['an unknown value', ['--set', 'persistance.size=1Gi'], /persistance/],
    [
      'an unknown key of the configuration',
      ['--set', `${CAMERA},config.cameras.yard.recrod=off`],
      /recrod/,
    ],
    [
      'a camera with a name that none may have',
      ['--set', 'config.cameras.Yard.streams.main=rtsp://cam/1'],
      /Yard/,
    ],
    ['a port that is none', ['--set', 'service.rtsp.port=99999'], /65,?535/],
    [
      'a queue without an address',
      ['--set', 'queue.backend=redis'],
      /queue\.redis\.existingSecret/,
    ],
    [
      'metrics that are scraped twice',
      ['--set', 'monitoring.podMonitor.enabled=true,monitoring.serviceMonitor.enabled=true'],
      /keep one/,
    ],
    ['multus without a network', ['--set', 'discovery.mode=multus'], /NetworkAttachmentDefinition/],
    [
      'UDP at a port that nobody is told of',
      ['--set', 'service.rtsp.udpPort=30000'],
      /config\.rtsp\.udpPort/,
    ],
    [
      'TLS at a port that nobody opens',
      ['--set', 'service.rtsp.tlsPort=8322'],
      /config\.rtsp\.tls\.port/,
    ],
    ['a data directory beside the claim', ['--set', 'config.dataDir=/srv'], /dataDir/],
    [
      'policies that forget the database',
      ['--set', 'networkPolicy.enabled=true'],
      /networkPolicy\.database/,
    ],
    [
      'a login without a password',
      ['--set', 'test.stream=yard,test.login.username=ann'],
      /existingSecret/,
    ],
  ])('%s', (_, args, reason) => {
    const { status, err } = template(args);
    expect([status, err]).toEqual([1, expect.stringMatching(reason)]);
  });

  it('CloudNativePG in a cluster without it', () => {
    const { status, err } = template(['--set', 'database.mode=cnpg'], { kinds: [] });
    expect([status, err]).toEqual([
      1,
      expect.stringContaining('this cluster has no CloudNativePG'),
    ]);
  });
});

it('tells the next step after an installation', () => {
  expect(notes([])).toMatch(/Next: add a camera.*WARNING: there are no users/s);
  const site = notes(['--values', path.join(CASES, '02-site-values.yaml')]);
  expect(site).toMatch(/ffplay .*\/front-door$/m);
  expect(site).toMatch(/helm test nv -n video/);
  expect(site).not.toMatch(/WARNING|For UDP/);
});

/** Helm shows them after an installation alone, which wants a cluster: here they are rendered as what they are, a template. */
function notes(args: readonly string[]): string {
  const copy = mkdtempSync(path.join(tmpdir(), 'nightjar-chart-'));
  try {
    cpSync(CHART, copy, { recursive: true });
    cpSync(path.join(CHART, 'templates', 'NOTES.txt'), path.join(copy, 'files', 'NOTES.txt'));
    const show = '{{ dict "notes" (tpl (.Files.Get "files/NOTES.txt") .) | toYaml }}';
    writeFileSync(path.join(copy, 'templates', 'notes.yaml'), show);
    const { status, out, err } = template(['--show-only', 'templates/notes.yaml', ...args], {
      chart: copy,
    });
    if (status !== 0) throw new Error(err);
    return parse(out).notes;
  } finally {
    rmSync(copy, { recursive: true });
  }
}

function find(resources: readonly Resource[], kind: string, name: RegExp): Resource {
  const found = resources.find((one) => one.kind === kind && name.test(one.metadata.name));
  if (found === undefined) throw new Error(`no ${kind} ${name}`);
  return found;
}

/**
 * What is compared: dashboards are kept elsewhere, so here it is enough that they are there; and Helm 4 puts empty lines before
 * each object.
 */
function comparable(text: string): string {
  return text
    .replaceAll(
      /(^ {2}nightjar-\w+\.json: \|\n)(?: {4}.*\n?)+/gm,
      '$1    (as in grafana/dashboards)\n',
    )
    .replaceAll(/\n+(?=---\n|$)/g, '\n');
}
