import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { ConfigError } from './issue.js';
import { parseConfig } from './load.js';
import { configJsonSchema } from './schema.js';

const ROOT = path.resolve(import.meta.dirname, '../../..');

describe('what is made from the schema', () => {
  it('every key has a description', () => {
    const missing: string[] = [];
    const walk = (node: any, at: string): void => {
      for (const [key, child] of Object.entries<any>(node.properties ?? {})) {
        if (!child.description) missing.push(`${at}.${key}`);
        walk(child, `${at}.${key}`);
      }
      for (const branch of node.anyOf ?? []) walk(branch, at);
      if (node.items !== undefined) walk(node.items, `${at}[]`);
      if (typeof node.additionalProperties === 'object') walk(node.additionalProperties, `${at}.*`);
    };
    walk(configJsonSchema(), '');
    expect(missing).toEqual([]);
  });
});

it('infra/examples/nightjar.yaml is valid but for the secrets of another machine', async () => {
  const text = await readFile(path.join(ROOT, 'infra/examples/nightjar.yaml'), 'utf8');
  const error = await parseConfig(text, '/x/n.yaml', { YARD_PASSWORD: 'x' }).catch(
    (thrown) => thrown,
  );
  expect(error).toBeInstanceOf(ConfigError);
  expect(error.issues.map((issue: { message: string }) => issue.message)).toEqual(
    ['front-door', 'ann', 'gate'].map((name) => `cannot read /run/secrets/${name}: no such file`),
  );
});
