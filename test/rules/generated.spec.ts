import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from '@jest/globals';
import { generatedFiles } from '../../tools/generated/files.js';

const ROOT = path.resolve(import.meta.dirname, '..', '..');
const files = await generatedFiles();

it.each([...files.keys()])('%s is what the code makes of it: npm run generate', (file) => {
  expect(readFileSync(path.join(ROOT, file), 'utf8')).toBe(files.get(file));
});
