import { describe, expect, it } from '@jest/globals';
import { matching, parseMetrics, sumOf } from './metrics-text.js';

const PAGE = `# HELP nightjar_readers Readers attached now.
# TYPE nightjar_readers gauge
nightjar_readers{camera="cam0",stream="main"} 3
nightjar_readers{camera="cam1",stream="main"} 4
nightjar_readers_bytes 7
process_cpu_seconds_total 1.5e-2
h_bucket{le="+Inf"} +Inf
odd{path="a \\"b\\", c"} 1
`;

describe('metrics of a page', () => {
  const samples = parseMetrics(PAGE);

  it('sums the series of a metric and of no other', () => {
    expect(sumOf(samples, 'nightjar_readers')).toBe(7);
    expect(sumOf(samples, 'nightjar_readers', { camera: 'cam1' })).toBe(4);
    expect(sumOf(samples, 'process_cpu_seconds_total')).toBe(0.015);
    expect(sumOf(samples, 'missing')).toBe(0);
  });

  it('reads infinities and quoted labels', () => {
    expect(matching(samples, 'h_bucket', { le: '+Inf' })[0]?.value).toBe(Infinity);
    expect(matching(samples, 'odd')[0]?.labels['path']).toBe('a \\"b\\", c');
  });
});
