import { describe, expect, it } from '@jest/globals';
import { toJson, toTable, type CaseFigure } from './report.js';

const environment = {
  node: 'v20.20.2',
  cores: 2,
  cpuModel: 'AMD EPYC',
  kernel: '6.18',
  date: '2026-11-20T16:00:00.000Z',
};
const figures: CaseFigure[] = [
  {
    case: 'fan-out-tcp',
    subject: 'nightjar',
    name: '1 x 50 readers: CPU',
    value: 0.06789,
    unit: 'CPU s/Gbit',
    reference: { value: 0.05, what: 'bare loop' },
    aim: { ratioAtMost: 1.3 },
  },
  { case: 'join', subject: 'mediamtx', name: 'p50', value: 12_345.6, unit: 'ms' },
  { case: 'join', subject: 'go2rtc', name: 'p50', value: Number.NaN, unit: 'ms' },
];

describe('the report', () => {
  it('has every figure whole in the document', () => {
    expect(toJson(environment, figures)).toEqual({
      environment,
      figures: [
        {
          case: 'fan-out-tcp',
          subject: 'nightjar',
          name: '1 x 50 readers: CPU',
          value: 0.06789,
          unit: 'CPU s/Gbit',
          reference: { value: 0.05, what: 'bare loop' },
          ratio: expect.closeTo(1.3578, 4),
          aim: { ratioAtMost: 1.3 },
          met: false,
        },
        {
          case: 'join',
          subject: 'mediamtx',
          name: 'p50',
          value: 12_345.6,
          unit: 'ms',
          reference: null,
          ratio: null,
          aim: null,
          met: null,
        },
        expect.objectContaining({ subject: 'go2rtc', value: null }),
      ],
    });
  });

  it('is a table for people', () => {
    expect(toTable(figures).split('\n')).toEqual([
      'case         subject   figure               value   unit        reference       ratio  aim',
      'fan-out-tcp  nightjar  1 x 50 readers: CPU  0.0679  CPU s/Gbit  0.05 bare loop  1.36x  <= 1.3x  MISSED',
      'join         mediamtx  p50                  12346   ms',
      'join         go2rtc    p50                  -       ms',
    ]);
  });
});
