import { describe, expect, it } from '@jest/globals';
import { judge } from './budget.js';
import { offloadsUdp, parseTrace, workOf } from './trace.js';

const CAMERA = 'TCP:[127.0.0.1:40312->127.0.0.1:5000]';
const READER = 'TCP:[127.0.0.1:8554->127.0.0.1:40314]';
const FILE = '/data/volumes/main/cam/main/2026/a.mp4';
const layout = { rtspPort: 8554, cameraPort: 5000, footage: '.mp4' };

const TRACE = `
71  read(21<${CAMERA}>, ""..., 262144) = 17024
71  write(24<${READER}>, ""..., 17024) = 17024
71  writev(24<${READER}>, [{iov_base=""..., iov_len=17024}], 1) = -1 EAGAIN (Resource temporarily unavailable)
71  write(24<${READER}>, ""..., 56) = 56
71  sendmsg(19<UDP:[127.0.0.1:6970]>, {msg_name={sa_family=AF_INET}, msg_iov=[...]}, MSG_DONTWAIT) = 16960
71  sendmmsg(19<UDP:[127.0.0.1:6970]>, [...], 2, 0) = 2
71  write(17<anon_inode:[eventfd]>, ""..., 8) = 8
72  writev(31<${FILE}>, [...], 26 <unfinished ...>
71  read(21<${CAMERA}>, ""..., 262144) = 56
72  <... writev resumed>)                  = 500123
73  fdatasync(31<${FILE}> <unfinished ...>
73  <... fdatasync resumed>)               = 0
74  fdatasync(30</data/journal/1.jsonl>)   = 0
71  +++ exited with 0 +++
`;

describe('a trace of system calls', () => {
  it('is read whole, calls in two lines counted once', () => {
    const calls = parseTrace(TRACE);
    expect(calls).toHaveLength(11);
    expect(calls[0]).toEqual({ name: 'read', target: CAMERA, result: 17024 });
    expect(calls).toContainEqual({ name: 'writev', target: FILE, result: 500123 });
    expect(calls).toContainEqual({ name: 'writev', target: READER, result: -1 });
  });

  it('tells the work that media cost from all other calls', () => {
    expect(workOf(parseTrace(TRACE), layout)).toEqual({
      tcpWrites: 2,
      udpSends: 2,
      cameraReads: 1,
      footageWrites: 1,
      footageSyncs: 1,
    });
  });

  it('tells whether the kernel cuts UDP segments', () => {
    const asked = '71  getsockopt(19<UDP:[127.0.0.1:6970]>, SOL_UDP, UDP_SEGMENT, [0], [4])';
    expect(offloadsUdp(`${TRACE}${asked} = 0\n`)).toBe(true);
    expect(offloadsUdp(`${TRACE}${asked} = -1 ENOPROTOOPT (Protocol not available)\n`)).toBe(false);
    expect(offloadsUdp(TRACE)).toBe(false);
  });

  it('exceeds the budget when every packet is written by itself', () => {
    const worse = Array.from(
      { length: 12 },
      () => `71  write(24<${READER}>, ""..., 1416) = 1416`,
    ).join('\n');
    const { tcpWrites } = workOf(parseTrace(worse), layout);
    const budget = { writes: { most: 1, why: 'one write per batch' } };
    const verdict = judge([{ name: 'writes', value: tcpWrites }], budget, [], 'budget.json');
    expect([verdict.passed, tcpWrites]).toEqual([false, 12]);
  });
});
