import { describe, expect, it } from '@jest/globals';
import { memorySource } from '@nightjar/containers';
import fc from 'fast-check';
import { ReadAhead } from './read-ahead.js';

const BYTES = Uint8Array.from({ length: 20_000 }, (_, i) => (i * 7) & 0xff);

function counted(): { source: ReadAhead; reads: number[] } {
  const reads: number[] = [];
  const memory = memorySource(BYTES);
  const source = new ReadAhead({
    size: memory.size,
    read: (offset, length) => {
      reads.push(length);
      return memory.read(offset, length);
    },
  });
  return { source, reads };
}

describe('reading ahead', () => {
  it('serves small pieces close together with one read', async () => {
    const { source, reads } = counted();
    await source.read(100, 16);
    await source.read(700, 16);
    await source.read(100, 600);
    expect(reads).toEqual([4096]);
    await source.read(716, 15_000);
    expect(reads).toEqual([4096, 15_000]);
  });

  it('gives the bytes that stand there, up to the end and not beyond', async () => {
    const piece = fc.tuple(
      fc.integer({ min: 0, max: BYTES.length }),
      fc.integer({ min: 0, max: 6000 }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece), async (pieces) => {
        const { source } = counted();
        for (const [offset, length] of pieces) {
          const found = await source.read(offset, length).catch(() => undefined);
          const there = offset + length <= BYTES.length;
          expect(found).toEqual(there ? BYTES.slice(offset, offset + length) : undefined);
        }
      }),
    );
  });
});
