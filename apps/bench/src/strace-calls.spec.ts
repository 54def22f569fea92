import { describe, expect, it } from '@jest/globals';
import { callsIn } from './strace-calls.js';

const TRACE = `4711  writev(31</data/cam0/a.mp4>, [{iov_base="\\0\\0", iov_len=2}], 1) = 2
4712  fdatasync(31</data/cam0/a.mp4> <unfinished ...>
4711  write(9<anon_inode:[eventfd]>, "\\1\\0\\0\\0\\0\\0\\0\\0", 8) = 8
4712  <... fdatasync resumed>)          = 0
4713  12:00:01.5 pwrite64(8</data/.nightjar/journal/00000000.jsonl>, "{}", 2, 0) = 2
4711  writev(20<socket:[123]>, [{iov_base="$", iov_len=1}], 1) = 1
4713  fsync(31</data/cam0/a.mp4>) = 0
4714  +++ exited with 0 +++
`;

describe('callsIn', () => {
  it('counts each call once, on the files that are meant', () => {
    expect(callsIn(TRACE, '.mp4')).toEqual({
      write: 0,
      writev: 1,
      pwrite64: 0,
      pwritev: 0,
      fsync: 1,
      fdatasync: 1,
    });
    expect(callsIn(TRACE, '.jsonl').pwrite64).toBe(1);
  });

  it('makes nothing of nothing', () => {
    expect(callsIn('', '.mp4').writev).toBe(0);
  });
});
