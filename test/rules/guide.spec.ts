import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { ConfigError, parseConfig } from '@nightjar/config';

const ROOT = path.resolve(import.meta.dirname, '..', '..');
const GUIDE = path.join(ROOT, 'docs', 'guide');
const pages = readdirSync(GUIDE);
const commands = [
  ...readFileSync(path.join(ROOT, 'apps', 'cli', 'src', 'main.ts'), 'utf8').matchAll(
    /^ {4}(\w+)Command,$/gm,
  ),
].map(([, name = '']) => name.toLowerCase());

/** What is wrong with a configuration, but for secrets that are elsewhere. */
async function issuesOf(text: string): Promise<string[]> {
  try {
    await parseConfig(text, '/etc/nightjar/nightjar.yaml', {});
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.issues
      .map(({ message }) => message)
      .filter((message) => !/^cannot read .*secrets\//.test(message));
  }
}

describe.each(pages)('docs/guide/%s', (page) => {
  const text = readFileSync(path.join(GUIDE, page), 'utf8');
  const blocks = [...text.matchAll(/^```yaml\n(.*?)^```/gms)].map(([, block = '']) => block);

  it('links to what there is', () => {
    const targets = [...text.matchAll(/\]\(([^)#]+)\)/g)].map(([, target = '']) => target);
    const files = targets.filter((target) => !/^https?:/.test(target));
    expect(files.filter((file) => !existsSync(path.join(GUIDE, file)))).toEqual([]);
  });

  it('names commands that there are', () => {
    const named = [...text.matchAll(/\bnightjar ([a-z]+)\b/g)].map(([, name = '']) => name);
    const typed = named.filter((name) => text.includes(`npx nightjar ${name}`) || name === 'serve');
    expect(typed.filter((name) => !commands.includes(name))).toEqual([]);
  });

  it('shows configurations that Nightjar takes', async () => {
    for (const block of blocks) {
      const value = parse(block) as { version?: number; config?: object };
      const config = value.version === undefined ? value.config : value;
      if (config !== undefined) expect(await issuesOf(JSON.stringify(config))).toEqual([]);
    }
  });
});

it('would object to a key that there is not', async () => {
  expect(await issuesOf('version: 1\nkameras: {}')).toHaveLength(1);
});
