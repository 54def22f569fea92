import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { parseConfig } from '@nightjar/config';
import { Ajv } from 'ajv';
import { parse } from 'yaml';
import { exposedPorts } from '../support/dockerfile-lint.js';

const ROOT = path.resolve(import.meta.dirname, '..', '..');
const read = (file: string): string => readFileSync(path.join(ROOT, file), 'utf8');

interface Service {
  readonly command?: string[];
  readonly entrypoint?: string[];
  readonly environment?: Record<string, string>;
  readonly ports?: string[];
  readonly volumes?: string[];
  readonly secrets?: string[];
  readonly networks?: string[];
  readonly depends_on?: Record<string, { condition: string }>;
  readonly healthcheck?: { readonly test?: unknown };
  readonly read_only?: boolean;
  readonly build?: { readonly dockerfile: string };
}
interface Compose {
  readonly services: Record<string, Service>;
  readonly volumes: Record<string, unknown>;
  readonly networks: Record<string, unknown>;
  readonly secrets: Record<string, { readonly file: string }>;
}

const TEXT = read('docker-compose.yml');
/** Variables have their defaults. */
const load = (text: string): Compose =>
  parse(text.replace(/\$\{\w+:-([^}]*)\}/g, '$1'), { merge: true }) as Compose;
const compose = load(TEXT);
const services = Object.entries(compose.services);
const roles = services.filter(([, { command }]) => command?.[0] === 'serve');

const folder = mkdtempSync(path.join(tmpdir(), 'nightjar-secrets-'));
const made = spawnSync(path.join(ROOT, 'infra/compose/make-secrets.sh'), [folder], {
  encoding: 'utf8',
});
afterAll(() => rmSync(folder, { recursive: true }));
const secret = (name: string): string => readFileSync(path.join(folder, name), 'utf8').trim();

describe('docker-compose.yml', () => {
  const { $schema: _, ...schema } = JSON.parse(read('test/rules/compose/compose-spec.json')) as {
    $schema: string;
  };
  const validate = new Ajv({ strict: false, validateFormats: false, allErrors: true }).compile(
    schema,
  );

  it('is what the Compose Specification calls valid', () => {
    expect(validate(compose) ? [] : validate.errors).toEqual([]);
    expect(validate(load(TEXT.replace('restart: unless-stopped', 'restarts: always')))).toBe(false);
  });

  it('gives every variable a default', () => {
    const variables = [...TEXT.matchAll(/(?<!\$)\$(?:\{(\w+)(:-[^}]+)?\}|(\w+))/g)];
    expect(variables.length).toBeGreaterThan(5);
    for (const [whole, , preset] of variables)
      expect([whole, preset]).not.toEqual([whole, undefined]);
  });

  it('mounts files and folders that are there', () => {
    const mounts = services.flatMap(([, { volumes = [] }]) => volumes);
    const sources = mounts.map((mount) => mount.split(':')[0] ?? '');
    const files = sources.filter((source) => source.startsWith('.'));
    expect(files.length).toBeGreaterThan(5);
    for (const file of files)
      expect([file, existsSync(path.join(ROOT, file))]).toEqual([file, true]);
    const named = new Set(sources.filter((source) => !source.startsWith('.')));
    expect(named).toEqual(new Set(Object.keys(compose.volumes)));
  });

  it('uses every secret, network and service that it names, and names all it uses', () => {
    const used = new Set(services.flatMap(([, { secrets = [] }]) => secrets));
    expect(used).toEqual(new Set(Object.keys(compose.secrets)));
    for (const [name, { file }] of Object.entries(compose.secrets))
      expect(file).toBe(`./infra/compose/secrets/${name}`);
    for (const network of services.flatMap(([, { networks = [] }]) => networks))
      expect(Object.keys(compose.networks)).toContain(network);
    for (const [, { depends_on: needed = {} }] of services)
      for (const [name, { condition }] of Object.entries(needed)) {
        expect(condition).toBe('service_healthy');
        expect(compose.services[name]?.healthcheck?.test).toBeDefined();
      }
    for (const [name, { secrets = [], ...service }] of services)
      for (const [, asked] of JSON.stringify(service).matchAll(/\/run\/secrets\/([\w-]+)/g))
        expect([name, secrets]).toEqual([name, expect.arrayContaining([asked])]);
  });

  it('starts each role from the image, which may write to its volume alone', () => {
    expect(roles.map(([name, { command }]) => [name, command?.[1]])).toEqual([
      ['media', 'media'],
      ['control', 'control'],
      ['worker', 'worker'],
    ]);
    for (const [, role] of roles) {
      expect(role.read_only).toBe(true);
      expect(role.volumes).toContain('data:/var/lib/nightjar');
      expect(existsSync(path.join(ROOT, role.build?.dockerfile ?? ''))).toBe(true);
      // Set for libuv, not for us.
      expect(Object.keys(role.environment ?? {})).toEqual(['UV_THREADPOOL_SIZE']);
    }
    // Recording waits neither for the database nor for the queue.
    expect(compose.services['media']?.depends_on).toBeUndefined();
  });

  it('publishes ports that somebody listens on, monitoring on this machine alone', () => {
    const [rtsp, http, operations] = exposedPorts(read('infra/Dockerfile'));
    const published = Object.fromEntries(
      services.flatMap(([name, { ports = [] }]) => ports.map((port) => [name, port])),
    );
    expect(published).toEqual({
      media: `${rtsp}:${rtsp}`,
      control: `${http}:${http}`,
      prometheus: '127.0.0.1:9090:9090',
      grafana: '127.0.0.1:3000:3000',
    });
    const { scrape_configs: scraped } = parse(read('infra/compose/prometheus.yml')) as {
      scrape_configs: { static_configs: { targets: string[] }[] }[];
    };
    expect(scraped.flatMap((job) => job.static_configs.flatMap(({ targets }) => targets))).toEqual(
      roles.map(([name]) => `${name}:${operations}`),
    );
    const sources = parse(read('grafana/provisioning/datasources/nightjar.yaml')) as {
      datasources: { url: string }[];
    };
    expect(sources.datasources.map(({ url }) => url)).toEqual(['http://prometheus:9090']);
  });

  it('mounts the rules where Prometheus looks for them', () => {
    const config = parse(read('infra/compose/prometheus.yml')) as { rule_files: string[] };
    const { volumes = [] } = compose.services['prometheus'] ?? {};
    for (const pattern of config.rule_files) {
      const mount = volumes.find((volume) => volume.split(':')[1] === path.dirname(pattern));
      const files = readdirSync(path.join(ROOT, mount?.split(':')[0] ?? ''));
      expect(files.filter((file) => file.endsWith('.yaml')).length).toBeGreaterThan(0);
    }
  });
});

describe('infra/compose/make-secrets.sh', () => {
  it('makes every secret of the file, for containers to read and nobody else', () => {
    expect(made.stderr).toBe('');
    expect(readdirSync(folder).sort()).toEqual(Object.keys(compose.secrets).sort());
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    for (const name of readdirSync(folder))
      expect(statSync(path.join(folder, name)).mode & 0o777).toBe(0o444);
    expect(secret('admin-password')).toMatch(/^[0-9a-f]{48}$/);
    expect(new URL(secret('database-url'))).toMatchObject({
      password: secret('database-password'),
      hostname: 'postgres',
    });
    expect(new URL(secret('queue-url'))).toMatchObject({
      password: secret('queue-password'),
      host: 'queue:6379',
    });
    expect(Object.keys(compose.services)).toEqual(expect.arrayContaining(['postgres', 'queue']));
  });

  it('keeps what is there', () => {
    const before = readdirSync(folder).map(secret);
    const again = spawnSync(path.join(ROOT, 'infra/compose/make-secrets.sh'), [folder]);
    expect(again.status).toBe(0);
    expect(readdirSync(folder).map(secret)).toEqual(before);
  });
});

describe.each(['config', 'demo'])('infra/compose/%s/nightjar.yaml', (name) => {
  it('is valid with the secrets that the roles are given', async () => {
    const file = `infra/compose/${name}/nightjar.yaml`;
    const text = read(file);
    const asked = [...text.matchAll(/\/run\/secrets\/([\w-]+)/g)].map(([, one]) => String(one));
    expect(new Set(asked)).toEqual(new Set(compose.services['media']?.secrets));
    const { config } = await parseConfig(text.replaceAll('/run/secrets', folder), file, {});
    expect(config.database.url).toBe(secret('database-url'));
    expect(config.queue).toMatchObject({ backend: 'redis', url: secret('queue-url') });
    expect(config.http.rtspServer).toEqual({ host: 'media', port: config.rtsp.port });
    const urls = [...text.matchAll(/rtsp:\/\/[\w.:-]+/g)].map(([url]) => url);
    if (name === 'demo') expect(new Set(urls)).toEqual(new Set(['rtsp://cameras:8654']));
    expect(Object.keys(config.cameras)).toHaveLength(name === 'demo' ? 3 : 0);
  });
});

describe('docs/ref/nightjar.schema.json', () => {
  const schema = JSON.parse(read('docs/ref/nightjar.schema.json')) as object;
  const validate = new Ajv({ strict: false, validateFormats: false }).compile(schema);

  it.each([
    'infra/examples/nightjar.yaml',
    'infra/compose/config/nightjar.yaml',
    'infra/compose/demo/nightjar.yaml',
  ])('lets an editor take %s', (file) => {
    expect(validate(parse(read(file))) ? [] : validate.errors).toEqual([]);
  });

  it.each([
    ['a key that is none', { version: 1, camera: {} }],
    ['a camera without streams', { version: 1, cameras: { gate: {} } }],
    ['another version', { version: 2 }],
  ])('lets it object to %s', (_, value) => {
    expect(validate(value)).toBe(false);
  });
});
