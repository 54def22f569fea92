import { describe, expect, it } from '@jest/globals';
import { RtspHeaders } from './headers.js';

describe('RtspHeaders', () => {
  it('finds names in any case and keeps their spelling and order', () => {
    const headers = RtspHeaders.from({ Cseq: '1', 'x-b': ['2', '3'] });
    expect(headers.get('CSEQ')).toBe('1');
    expect(headers.has('X-B')).toBe(true);
    expect(headers.get('absent')).toBeUndefined();
    expect([...headers.entries()]).toEqual([
      ['Cseq', '1'],
      ['x-b', '2'],
      ['x-b', '3'],
    ]);
  });

  it('joins duplicates with commas, but never challenges', () => {
    const headers = RtspHeaders.from({
      Public: ['PLAY', 'PAUSE'],
      'WWW-Authenticate': ['Digest realm="a"', 'Basic realm="b"'],
    });
    expect(headers.get('public')).toBe('PLAY, PAUSE');
    expect(headers.get('www-authenticate')).toBe('Digest realm="a"');
    expect(headers.getAll('www-authenticate')).toHaveLength(2);
  });

  it('replaces all fields of a name where the first one stood', () => {
    const headers = RtspHeaders.from({ a: ['1', '2'], b: '3' });
    headers.append('A', '4');
    headers.set('A', '5');
    headers.set('c', '6');
    expect([...headers.entries()]).toEqual([
      ['A', '5'],
      ['b', '3'],
      ['c', '6'],
    ]);
  });

  it('takes names of object properties for plain names', () => {
    const headers = new RtspHeaders();
    expect(headers.get('constructor')).toBeUndefined();
    headers.append('__proto__', 'x');
    expect(headers.get('__proto__')).toBe('x');
  });
});
