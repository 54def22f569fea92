import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import type { StoredCheckpoint, StreamDay } from '@nightjar/catalog';
import { NightjarError } from '@nightjar/common';
import fc from 'fast-check';
import {
  compareDay,
  parsePayload,
  payloadHash,
  signCheckpoint,
  verifyCheckpoints,
} from './checkpoint.js';
import { publicKeyOf } from './signing-key.js';

const newKey = (): string =>
  generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const KEY = newKey();
const PUBLIC = publicKeyOf(KEY);

const front: StreamDay = {
  camera: 'front',
  stream: 'main',
  segments: 2,
  bytes: 2_000,
  startMs: 1_000,
  endMs: 2_000,
  lastHash: 'ff',
  digest: 'aa',
};

function threeDays(): [StoredCheckpoint, StoredCheckpoint, StoredCheckpoint] {
  const sign = (day: string, before: StoredCheckpoint | undefined): StoredCheckpoint =>
    signCheckpoint(
      {
        day,
        createdAt: `${day}T02:00:00.000Z`,
        software: 'nightjar test',
        previous: before === undefined ? null : payloadHash(before.payload),
        streams: [front],
      },
      KEY,
    );
  const first = sign('2026-11-18', undefined);
  const second = sign('2026-11-19', first);
  return [first, second, sign('2026-11-20', second)];
}

const problemsOf = (checkpoints: readonly StoredCheckpoint[], key = PUBLIC): string[] =>
  verifyCheckpoints(checkpoints, key).flatMap(({ problems }) => [...problems]);

describe('a chain of checkpoints', () => {
  it('is sound as it was signed', () => {
    expect(problemsOf(threeDays())).toEqual([]);
  });

  it('shows every change of a payload', () => {
    const [first] = threeDays();
    fc.assert(
      fc.property(
        fc.nat(first.payload.length - 1),
        fc.string({ minLength: 1, maxLength: 1 }),
        (at, by) => {
          const payload = first.payload.slice(0, at) + by + first.payload.slice(at + 1);
          fc.pre(payload !== first.payload);
          expect(problemsOf([{ ...first, payload }])[0]).toMatch(/signature does not fit/);
        },
      ),
    );
  });

  it('shows one that was taken out, and one filed under another day', () => {
    const [first, second, third] = threeDays();
    expect(problemsOf([first, third])).toEqual([expect.stringContaining('does not follow')]);
    expect(problemsOf([{ ...second, day: '2026-11-21' }])).toEqual([
      'it is filed under 2026-11-21 but says 2026-11-19',
    ]);
  });

  it('is not sound by another key', () => {
    expect(problemsOf(threeDays(), publicKeyOf(newKey()))).toHaveLength(3);
  });

  it('takes nothing else for a checkpoint', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        expect(() => parsePayload(text)).toThrow(NightjarError);
      }),
    );
  });
});

describe('compareDay', () => {
  it.each([
    { name: 'the same', now: [front], lines: [] },
    {
      name: 'nothing left',
      now: [],
      lines: ['front/main: 2 segments were signed, none is known now'],
    },
    {
      name: 'one less',
      now: [{ ...front, segments: 1, digest: 'bb' }],
      lines: ['front/main: 2 segments were signed, 1 are known now'],
    },
    {
      name: 'one replaced',
      now: [{ ...front, digest: 'bb' }],
      lines: ['front/main: 2 segments, but not the ones that were signed'],
    },
  ])('tells $name', ({ now, lines }) => {
    expect(compareDay([front], now)).toEqual(lines);
  });
});
