import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const ROOT = path.resolve(import.meta.dirname, '..', '..');
const CRUISER = path.join(
  ROOT,
  'node_modules',
  'dependency-cruiser',
  'bin',
  'dependency-cruise.mjs',
);
const LIMIT_MS = 60_000;

const LIBRARIES = [
  'common rtp rtsp containers config monitoring role access catalog jobs',
  'events relay recording playback retention',
].flatMap((line) => line.split(' '));

/** One line of code in one file, and the rule that must object. */
const PLANTED: readonly [file: string, code: string, rule: string][] = [
  ['libs/common/src/a.ts', `import '@nightjar/rtp';`, 'layer-common'],
  ['libs/rtp/src/a.ts', `import '@nightjar/rtsp';`, 'layer-rtp'],
  ['libs/rtsp/src/a.ts', `import '@nightjar/containers';`, 'layer-rtsp'],
  ['libs/containers/src/a.ts', `import '@nightjar/config';`, 'layer-containers'],
  ['libs/config/src/a.ts', `import type {} from '@nightjar/monitoring';`, 'layer-config'],
  ['libs/monitoring/src/a.ts', `import '@nightjar/access';`, 'layer-monitoring'],
  ['libs/role/src/a.ts', `import '@nightjar/access';`, 'layer-role'],
  ['libs/access/src/a.ts', `import '@nightjar/catalog';`, 'layer-access'],
  ['libs/catalog/src/a.ts', `import '@nightjar/jobs';`, 'layer-catalog'],
  ['libs/jobs/src/a.ts', `import '@nightjar/relay';`, 'layer-jobs'],
  ['libs/events/src/a.ts', `import '@nightjar/relay';`, 'layer-events'],
  ['libs/relay/src/a.ts', `import '@nightjar/recording';`, 'layer-relay'],
  ['libs/recording/src/a.ts', `import '@nightjar/playback';`, 'layer-recording'],
  ['libs/playback/src/a.ts', `import '../../../apps/media/src/main.js';`, 'layer-playback'],
  ['libs/retention/src/a.ts', `import '@nightjar/playback';`, 'layer-retention'],
  ['libs/relay/src/b.ts', `import '../../rtp/src/inner.js';`, 'public-face-for-libraries'],
  ['apps/media/src/a.ts', `import '../../../libs/rtp/src/inner.js';`, 'public-face-for-apps'],
  ['apps/media/src/b.ts', `import '../../worker/src/main.js';`, 'apps-stand-alone'],
  ['apps/media/src/c.ts', `import '@nightjar/novelty';`, 'known-libraries'],
  ['libs/retention/src/b.ts', `import 'typeorm';`, 'only-owner-imports-typeorm'],
  ['apps/media/src/d.ts', `import 'pg';`, 'only-owner-imports-pg'],
  ['libs/retention/src/c.ts', `import 'bullmq';`, 'only-owner-imports-bullmq'],
  ['libs/catalog/src/b.ts', `import 'ioredis';`, 'only-owner-imports-ioredis'],
  ['libs/relay/src/c.ts', `import 'prom-client';`, 'only-owner-imports-prom-client'],
  ['apps/media/src/e.ts', `import type {} from 'pino';`, 'only-owner-imports-pino'],
  ['libs/recording/src/b.ts', `import 'mediabunny';`, 'only-owner-imports-mediabunny'],
  ['libs/relay/src/d.ts', `import 'sdp-transform';`, 'only-owner-imports-sdp-transform'],
  ['apps/control/src/d2.ts', `import 'onvif';`, 'only-owner-imports-onvif'],
  ['apps/cli/src/a.ts', `import 'yaml';`, 'only-owner-imports-yaml'],
  ['libs/relay/src/e.ts', `import 'zod';`, 'only-owner-imports-zod'],
  ['libs/rtp/src/b.ts', `import '@nestjs/common';`, 'pure-without-nest'],
  ['libs/rtsp/src/b.ts', `import 'node:net';`, 'pure-without-io'],
  ['libs/containers/src/b.ts', `import 'node:fs/promises';`, 'pure-without-io'],
  ['libs/common/src/b.ts', `import 'node:timers';`, 'pure-without-io'],
  ['apps/media/src/g.ts', `import 'fast-check';`, 'no-development-packages'],
  ['apps/media/src/h.ts', `import './i.js';`, 'no-cycles'],
  ['apps/media/src/j.ts', `import './nowhere.js';`, 'resolvable'],
];

const ALLOWED: readonly [file: string, code: string][] = [
  ['libs/playback/src/ok.ts', `import '@nightjar/recording'; import '@nightjar/catalog';`],
  ['libs/rtsp/src/ok.ts', `import 'node:crypto'; import { Buffer } from 'node:buffer';`],
  ['libs/catalog/src/ok.ts', `import 'typeorm'; import 'pg'; import 'node:fs';`],
  ['libs/rtp/src/ok.spec.ts', `import 'fast-check'; import 'node:fs';`],
  ['apps/cli/src/commands/serve.ts', `import '../../../appliance/src/appliance.js';`],
];

interface Violation {
  readonly from: string;
  readonly rule: { readonly name: string };
}

function cruise(cwd: string): Violation[] {
  const done = spawnSync(
    process.execPath,
    [CRUISER, '--config', '.dependency-cruiser.cjs', '--output-type', 'json', 'apps', 'libs'],
    {
      cwd,
      encoding: 'utf8',
      maxBuffer: 256 * 1024 * 1024,
      env: { ...process.env, NODE_OPTIONS: '' },
    },
  );
  if (done.stdout === '') throw new Error(done.stderr);
  return (JSON.parse(done.stdout) as { summary: { violations: Violation[] } }).summary.violations;
}

describe('dependency rules', () => {
  let tree: string;
  let violations: Violation[];
  const rulesBrokenBy = (file: string): string[] =>
    violations.filter(({ from }) => from === file).map(({ rule }) => rule.name);

  beforeAll(() => {
    tree = mkdtempSync(path.join(tmpdir(), 'nightjar-rules-'));
    const write = (file: string, code: string): void => {
      mkdirSync(path.dirname(path.join(tree, file)), { recursive: true });
      writeFileSync(path.join(tree, file), `${code}\nexport {};\n`);
    };
    for (const name of ['.dependency-cruiser.cjs', 'tsconfig.json', 'package.json']) {
      copyFileSync(path.join(ROOT, name), path.join(tree, name));
    }
    symlinkSync(path.join(ROOT, 'node_modules'), path.join(tree, 'node_modules'));
    for (const lib of [...LIBRARIES, 'novelty']) write(`libs/${lib}/src/index.ts`, '');
    write('libs/rtp/src/inner.ts', '');
    for (const app of ['media', 'worker']) write(`apps/${app}/src/main.ts`, '');
    write('apps/appliance/src/appliance.ts', '');
    write('apps/media/src/i.ts', `import './h.js';`);
    for (const [file, code] of [...PLANTED, ...ALLOWED]) write(file, code);
    violations = cruise(tree);
  }, LIMIT_MS);

  afterAll(() => rmSync(tree, { recursive: true, force: true }));

  it.each(PLANTED)('objects to %s: %s by %s', (file, _code, rule) => {
    expect(rulesBrokenBy(file)).toContain(rule);
  });

  it.each(ALLOWED)('lets %s pass: %s', (file) => {
    expect(rulesBrokenBy(file)).toEqual([]);
  });
});
