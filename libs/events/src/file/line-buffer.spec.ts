import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { LineBuffer, MAX_LINE_BYTES } from './line-buffer.js';

function drain(buffer: LineBuffer): { texts: (string | undefined)[]; bytes: number } {
  const texts: (string | undefined)[] = [];
  let bytes = 0;
  for (let line = buffer.peek(); line !== undefined; line = buffer.peek()) {
    expect(buffer.peek()).toEqual(line);
    texts.push('text' in line ? line.text : undefined);
    bytes += line.bytes;
    buffer.take();
  }
  return { texts, bytes };
}

it('finds the same lines however they come, and counts every byte', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.string().filter((text) => !text.includes('\n')),
        { maxLength: 8 },
      ),
      fc.string().filter((text) => !text.includes('\n')),
      fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1 }),
      (lines, rest, sizes) => {
        const bytes = Buffer.from([...lines.map((line) => `${line}\n`), rest].join(''));
        const buffer = new LineBuffer();
        const texts: (string | undefined)[] = [];
        let counted = 0;
        for (let at = 0, n = 0; at < bytes.length; n += 1) {
          const size = sizes[n % sizes.length]!;
          buffer.push(bytes.subarray(at, at + size));
          at += size;
          const drained = drain(buffer);
          texts.push(...drained.texts);
          counted += drained.bytes;
        }
        expect(texts).toEqual(lines.map((line) => Buffer.from(line).toString().trim()));
        expect(counted + buffer.bytes).toBe(bytes.length);
      },
    ),
  );
});

it('passes over a line that is too long, in bounded memory, and takes the next', () => {
  const buffer = new LineBuffer();
  const piece = Buffer.alloc(MAX_LINE_BYTES, 'x');
  let bytes = 0;
  for (let n = 0; n < 5; n += 1) {
    buffer.push(piece);
    expect(buffer.peek()).toBeUndefined();
    bytes += piece.length;
    expect(buffer.bytes).toBe(bytes);
  }
  buffer.push(Buffer.from('end\nnext\n'));
  expect(buffer.peek()).toEqual({ bytes: bytes + 4, tooLong: true });
  buffer.take();
  expect(buffer.peek()).toEqual({ bytes: 5, text: 'next' });
});

it('takes a line of the greatest length', () => {
  const buffer = new LineBuffer();
  buffer.push(Buffer.from(`${'x'.repeat(MAX_LINE_BYTES)}\n`));
  expect(buffer.peek()).toMatchObject({ text: 'x'.repeat(MAX_LINE_BYTES) });
});
