import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { VirtualFile, type Piece } from './virtual-file.js';

let folder: string;
let path: string;
const content = Buffer.from(Array.from({ length: 5_000 }, (_, index) => (index * 7) % 251));

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'nightjar-virtual-'));
  path = join(folder, 'file');
  writeFileSync(path, content);
});
afterAll(() => rmSync(folder, { recursive: true }));

async function read(file: VirtualFile, start?: number, end?: number): Promise<Buffer> {
  const blocks: Uint8Array[] = [];
  for await (const block of file.read(start, end)) blocks.push(block);
  return Buffer.concat(blocks);
}

const piece = fc.oneof(
  fc.uint8Array({ maxLength: 50 }).map((bytes): Piece => ({ bytes })),
  fc
    .tuple(fc.nat({ max: 4_000 }), fc.nat({ max: 1_000 }))
    .map(([offset, length]) => ({ offset, length })),
);

describe('a virtual file', () => {
  it('gives the same bytes in whatever ranges it is read', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(piece, { maxLength: 12 }),
        fc.array(fc.nat({ max: 6_000 }), { maxLength: 6 }),
        async (parts, cuts) => {
          const pieces = parts.map((part): Piece => ('bytes' in part ? part : { path, ...part }));
          const expected = Buffer.concat(
            pieces.map((part) =>
              'bytes' in part
                ? part.bytes
                : content.subarray(part.offset, part.offset + part.length),
            ),
          );
          const file = new VirtualFile(pieces);
          expect(file.size).toBe(expected.length);
          const places = [0, ...cuts.map((cut) => cut % (file.size + 1)), file.size];
          places.sort((a, b) => a - b);
          const ranges: Buffer[] = [];
          for (let n = 1; n < places.length; n += 1) {
            const range = await read(file, places[n - 1], places[n]);
            expect(await read(file.slice(places[n - 1]!, places[n]!))).toEqual(range);
            ranges.push(range);
          }
          expect(Buffer.concat(ranges).equals(expected)).toBe(true);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('fails when a file is shorter than it was, or gone', async () => {
    const short = new VirtualFile([{ path, offset: 4_900, length: 200 }]);
    await expect(read(short)).rejects.toMatchObject({ code: 'footage/short-file' });
    const gone = new VirtualFile([{ path: `${path}x`, offset: 0, length: 1 }]);
    await expect(read(gone)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('reads nothing that nobody takes', async () => {
    const file = new VirtualFile([
      { bytes: Buffer.from('a') },
      { path: '/none', offset: 0, length: 9 },
    ]);
    const blocks = file.read();
    expect(await blocks.next()).toMatchObject({ done: false });
    await blocks.return(undefined);
  });
});
