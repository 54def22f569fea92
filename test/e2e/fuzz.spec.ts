import { describe, expect } from '@jest/globals';
import path from 'node:path';
import { fuzz } from '../fuzz/fuzz.js';
import { scenario } from './support/stage.js';

const SECONDS = 6;
const SEED = 20_260_401;
const RTSP = ['rtsp', 'rtsps', 'http', 'https', 'ws', 'wss'];
const FAILURES = path.resolve(import.meta.dirname, '../../fuzz-failures');

describe('an appliance that hears nonsense', () => {
  scenario(
    'answers it, serves a reader beside, and is afterwards as it was before',
    60_000,
    async (stage) => {
      const options = {
        seconds: SECONDS,
        seed: SEED,
        processes: 2,
        failuresDirectory: FAILURES,
      };
      const { conversations, answers, ways } = await fuzz(stage, options);
      expect(conversations).toBeGreaterThan(0);
      const all = [...RTSP, 'http-port-tunnel', 'http-port-ws', 'api'];
      expect(all.filter((way) => (ways[way] ?? 0) === 0)).toEqual([]);
      // It is more than noise at the door: some conversations get as far as media.
      expect(answers).toMatchObject({ 200: expect.any(Number), 400: expect.any(Number) });
    },
  );
});
