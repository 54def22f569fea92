import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { outcomeOf } from '../test-support/outcome-of.js';
import { parseCSeq } from './cseq.js';
import { parseSession, printSession } from './session.js';

describe('Session', () => {
  it.each([
    ['12345678', '12345678', { id: '12345678', timeoutSeconds: undefined }],
    ['A.b-c_d+e$;timeout=60', 'A.b-c_d+e$;timeout=60', { id: 'A.b-c_d+e$', timeoutSeconds: 60 }],
    [
      '  708345999 ; Timeout = "30" ;x',
      '708345999;timeout=30',
      { id: '708345999', timeoutSeconds: 30 },
    ],
    ['1;timeout=0', '1', { id: '1', timeoutSeconds: undefined }],
    ['1;timeout=soon', '1', { id: '1', timeoutSeconds: undefined }],
  ])('reads %j', (wire, canonical, value) => {
    expect(parseSession(wire)).toEqual(value);
    expect(printSession(value)).toBe(canonical);
  });

  it.each(['', ' ', ';timeout=60'])('answers 400 to %j', (wire) => {
    expect(outcomeOf(() => parseSession(wire))).toMatchObject({
      error: { code: 'rtsp/session', where: { status: 400 } },
    });
  });

  it('reads back what was printed', () => {
    const session = fc.record({
      id: fc.stringMatching(/^[A-Za-z0-9$\-_.+]{8,40}$/),
      timeoutSeconds: fc.option(fc.integer({ min: 1, max: 999_999 }), { nil: undefined }),
    });
    fc.assert(
      fc.property(session, (value) => {
        expect(parseSession(printSession(value))).toEqual(value);
      }),
    );
  });

  it('throws nothing but NightjarError', () => {
    fc.assert(
      fc.property(fc.string(), (wire) => {
        outcomeOf(() => parseSession(wire));
      }),
    );
  });
});

describe('CSeq', () => {
  it.each([
    ['1 ', 1],
    [' 4294967295', 4294967295],
    ['', undefined],
    ['-1', undefined],
    ['1, 1', undefined],
    ['99999999999', undefined],
  ])('reads %j', (wire, value) => {
    expect(parseCSeq(wire)).toBe(value);
  });
});
