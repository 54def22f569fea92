import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '@nightjar/common';
import { LoadBook, SMOOTHING_MS } from './load-book.js';

describe('LoadBook', () => {
  let dir: string;
  let file: string;
  const clock = new ManualClock();
  beforeEach(() => {
    dir = mkdtempSync(path.join(tmpdir(), 'nightjar-load-'));
    file = path.join(dir, 'run', 'load.json');
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  it('believes the first figure and moves slowly from there', () => {
    const book = LoadBook.open(file, clock);
    book.report({ a: 1_000 });
    expect(book.loads.get('a')).toBe(1_000);
    clock.advance(SMOOTHING_MS);
    book.report({ a: 0 });
    expect(book.loads.get('a')).toBeCloseTo(1_000 / Math.E);
  });

  it('comes to the same however often it is told', () => {
    const book = LoadBook.open(file, clock);
    book.report({ often: 0, seldom: 0 });
    for (let i = 0; i < 12; i += 1) {
      clock.advance(SMOOTHING_MS / 12);
      book.report({ often: 100 });
    }
    book.report({ seldom: 100 });
    expect(book.loads.get('often')).toBeCloseTo(book.loads.get('seldom')!);
  });

  it('remembers, and forgets who left', () => {
    const book = LoadBook.open(file, clock);
    book.report({ a: 10.4, b: 20 });
    book.keep(new Set(['a']));
    book.save();
    expect([...LoadBook.open(file, clock).loads]).toEqual([['a', 10]]);
  });

  it.each(['', '{', '[]', '{"bytesPerSecond":{"a":"x"}}'])('knows nothing of a file %j', (text) => {
    writeFileSync(path.join(dir, 'bad.json'), text);
    expect(LoadBook.open(path.join(dir, 'bad.json'), clock).loads.size).toBe(0);
  });
});
