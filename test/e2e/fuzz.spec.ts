import { describe, expect } from '@jest/globals';
import path from 'node:path';
import { fuzz } from '../fuzz/fuzz.js';
import { scenario } from './support/stage.js';

const SECONDS = 8;
const SEED = 20_260_401;
const FAILURES = path.resolve(import.meta.dirname, '../../fuzz-failures');

describe('a media process that hears nonsense', () => {
  scenario(
    'answers it, serves a reader beside, and is afterwards as it was before',
    60_000,
    async (stage) => {
      const options = { seconds: SECONDS, seed: SEED, failuresDirectory: FAILURES };
      const { conversations, answers } = await fuzz(stage, options);
      expect(conversations).toBeGreaterThan(0);
      // It is more than noise at the door: some conversations get as far as media.
      expect(answers).toMatchObject({ 200: expect.any(Number), 400: expect.any(Number) });
    },
  );
});
