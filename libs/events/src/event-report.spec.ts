import { describe, expect, it } from '@jest/globals';
import { NightjarError } from '@nightjar/common';
import fc from 'fast-check';
import { MAX_DATA_BYTES, parseEventLine } from './event-report.js';

const line = (fields: object): string =>
  JSON.stringify({ camera: 'front', type: 'motion', ...fields });

describe('parseEventLine', () => {
  it.each([
    ['the least', {}, { type: 'motion', state: 'pulse' }],
    [
      'a begin with an id',
      { state: 'begin', id: 'a-1' },
      { type: 'motion', state: 'begin', id: 'a-1' },
    ],
    [
      'an ONVIF topic',
      { type: 'tns1:RuleEngine/CellMotionDetector/Motion' },
      { type: 'tns1:RuleEngine/CellMotionDetector/Motion', state: 'pulse' },
    ],
    [
      'a time with an offset',
      { at: '2026-01-01T01:00:00.250+01:00' },
      { type: 'motion', state: 'pulse', at: Date.UTC(2026, 0, 1) + 250 },
    ],
    [
      'words and data',
      { label: 'a cat 🐈', data: { score: 0.9 }, stream: 'sub' },
      { type: 'motion', state: 'pulse', label: 'a cat 🐈', data: { score: 0.9 }, stream: 'sub' },
    ],
  ])('takes %s', (_what, fields, report) => {
    expect(parseEventLine(line(fields))).toEqual({ camera: 'front', report });
  });

  it.each([
    ['what is no JSON', 'motion!', /not a JSON object/],
    ['a list', '[1]', /expected object/],
    ['no camera', '{"type":"motion"}', /^camera: /],
    ['a camera that can be none', line({ camera: '../etc' }), /^camera: not a name/],
    ['no type', '{"camera":"front"}', /^type: /],
    ['a type with a space', line({ type: 'a b' }), /^type: a type is/],
    ['an unknown state', line({ state: 'maybe' }), /^state: /],
    ['an unknown key', line({ colour: 'red' }), /colour/],
    ['a time without a zone', line({ at: '2026-01-01T00:00:00' }), /^at: /],
    ['an empty id', line({ id: '' }), /^id: /],
    ['a label with NUL', line({ label: 'a\0b' }), /^label: holds characters/],
    ['a label that is half a character', line({ label: '\ud800' }), /^label: holds characters/],
    ['data with NUL', line({ data: { a: '\0' } }), /^data: /],
    ['too much data', line({ data: { a: 'x'.repeat(MAX_DATA_BYTES) } }), /^data: at most/],
    ['a label without end', line({ label: 'x'.repeat(257) }), /^label: /],
  ])('refuses %s', (_what, text, message) => {
    expect(() => parseEventLine(text)).toThrow(
      expect.objectContaining({ kind: 'invalid', message: expect.stringMatching(message) }),
    );
  });

  it('throws nothing but NightjarError, whatever comes', () => {
    const fields = fc.record(
      {
        camera: fc.oneof(fc.constant('front'), fc.anything()),
        type: fc.oneof(fc.constant('motion'), fc.anything()),
        state: fc.anything(),
        at: fc.anything(),
        data: fc.anything(),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fields.map((value) => JSON.stringify(value)),
        ),
        (text) => {
          try {
            parseEventLine(text);
          } catch (error) {
            expect(error).toBeInstanceOf(NightjarError);
          }
        },
      ),
    );
  });
});
