import { describe, expect, it } from '@jest/globals';
import { judge, parseBudget, type Budget } from './budget.js';

const budget: Budget = {
  'calls: writes': { most: 1, why: 'one write per batch' },
  'heap: bytes': { most: 2, noise: 1, why: 'nothing per packet' },
};
const within = [
  { name: 'calls: writes', value: 1 },
  { name: 'heap: bytes', value: 0.4 },
];

describe('the budget of counted work', () => {
  it('is kept by counts up to it', () => {
    const { passed, lines, remarks } = judge(within, budget, [], 'budget.json');
    expect([passed, remarks]).toEqual([true, []]);
    expect(lines).toEqual(['ok    calls: writes: 1 of 1', 'ok    heap: bytes: 0.4 of 2']);
  });

  it('tells which count exceeds it, by how much, and how to change it on purpose', () => {
    const { passed, remarks } = judge(
      [within[1]!, { name: 'calls: writes', value: 12 }],
      budget,
      [],
      'budget.json',
    );
    expect(passed).toBe(false);
    expect(remarks.join()).toMatch(
      /calls: writes is 12, 11 over its budget of 1 \(one write per batch\).*"most" in budget\.json/,
    );
  });

  it('asks to be lowered when a count lies far below', () => {
    const counts = [within[1]!, { name: 'calls: writes', value: 0.25 }];
    const { passed, remarks } = judge(counts, budget, [], 'budget.json');
    expect(passed).toBe(true);
    expect(remarks).toEqual([expect.stringContaining('calls: writes is only 0.25 of 1')]);
  });

  it('fails for a count without a line, and for a line without a count', () => {
    expect(judge([...within, { name: 'new', value: 1 }], budget, [], 'b').passed).toBe(false);
    expect(judge([within[0]!], budget, [], 'b').passed).toBe(false);
    const skipped = [{ prefix: 'heap:', reason: 'no way here' }];
    const { passed, lines } = judge([within[0]!], budget, skipped, 'b');
    expect([passed, lines.at(-1)]).toEqual([true, 'skip  heap: bytes: no way here']);
  });

  it('needs a reason in every line of the file', () => {
    expect(parseBudget(JSON.stringify(budget))).toEqual(budget);
    expect(() => parseBudget('{ "a": { "most": 1 } }')).toThrow('"a"');
  });
});
