import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { NightjarError } from '@nightjar/common';
import { parseResolution, parseTimeServer, parseTimeZone } from './camera-setting.js';

describe('what a camera may be set to', () => {
  it('is a resolution', () => {
    expect(parseResolution('1920x1080')).toEqual({ width: 1920, height: 1080 });
    for (const text of ['1080p', '0x0', '1920x', '1920 x 1080', '99999x10', '1920x1080x2', ''])
      expect(() => parseResolution(text)).toThrow(/such as 1920x1080/);
  });

  it('is a time server', () => {
    for (const text of ['pool.ntp.org', '10.0.0.1', 'fd00::1', 'ntp'])
      expect(parseTimeServer(text)).toBe(text);
    for (const text of ['10.0.0', '10.0.0.300', 'a b', '<x/>', 'ntp:123', ''])
      expect(() => parseTimeServer(text)).toThrow(/time server/);
  });

  it('is a time zone as POSIX writes it', () => {
    for (const text of [
      'UTC0',
      'CET-1CEST,M3.5.0,M10.5.0/3',
      'EST5EDT',
      '<+0330>-3:30',
      'NZST-12NZDT,M9.5.0,M4.1.0/3',
    ])
      expect(parseTimeZone(text)).toBe(text);
    for (const text of ['Europe/Berlin', 'UTC', 'CET-1CEST,M3.5.0', '<&>0', ''])
      expect(() => parseTimeZone(text)).toThrow(/POSIX/);
  });

  it.each([parseResolution, parseTimeServer, parseTimeZone])(
    '%p never fails otherwise than with a NightjarError',
    (parse) => {
      fc.assert(
        fc.property(fc.string(), (text) => {
          try {
            parse(text);
          } catch (error) {
            expect(error).toBeInstanceOf(NightjarError);
          }
        }),
      );
    },
  );
});
