import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { hex } from '../test/harness.js';
import { startsKeyframe } from './keyframe.js';

const CASES = [
  { codec: 'h264', name: 'SPS', payload: '67 4200', starts: true },
  { codec: 'h264', name: 'first IDR slice', payload: '65 88', starts: true },
  { codec: 'h264', name: 'later IDR slice', payload: '65 40', starts: false },
  { codec: 'h264', name: 'PPS', payload: '68 ce', starts: false },
  { codec: 'h264', name: 'P slice', payload: '41 9a', starts: false },
  { codec: 'h264', name: 'STAP-A of AUD and SPS', payload: '78 0002 09f0 0002 6742', starts: true },
  { codec: 'h264', name: 'STAP-A of SEI and P', payload: '78 0002 0605 0002 419a', starts: false },
  { codec: 'h264', name: 'STAP-A that is cut', payload: '78 0002 0605 00', starts: false },
  { codec: 'h264', name: 'first fragment of an IDR slice', payload: '7c 85 88', starts: true },
  { codec: 'h264', name: 'later fragment of an IDR slice', payload: '7c 05 88', starts: false },
  { codec: 'h264', name: 'first fragment of a P slice', payload: '5c 81 9a', starts: false },
  { codec: 'h264', name: 'start code and SPS', payload: '00000001 6742', starts: true },
  { codec: 'h264', name: 'AUD, start code, SPS', payload: '09f0 000001 6742', starts: true },
  { codec: 'h264', name: 'AUD, SEI, IDR', payload: '09f0 000001 0605 000001 6588', starts: true },
  { codec: 'h264', name: 'AUD, start code, P', payload: '09f0 000001 419a', starts: false },
  { codec: 'h264', name: 'P, start code, SPS', payload: '419a 000001 6742', starts: false },
  { codec: 'h264', name: 'fragment: AUD, SPS', payload: '7c89 f0 000001 6742', starts: true },
  { codec: 'h264', name: 'a start code at the end', payload: '09f0 000001', starts: false },
  { codec: 'h265', name: 'start code and VPS', payload: '00000001 4001 0c', starts: true },
  { codec: 'h265', name: 'AUD, start code, VPS', payload: '460150 000001 4001', starts: true },
  { codec: 'h265', name: 'AUD, start code, P', payload: '460150 000001 020180', starts: false },
  { codec: 'h265', name: 'P with start code, VPS', payload: '0001d0 000001 4001', starts: false },
  { codec: 'h264', name: 'nothing', payload: '', starts: false },
  { codec: 'h265', name: 'VPS', payload: '4001 0c', starts: true },
  { codec: 'h265', name: 'SPS', payload: '4201 01', starts: true },
  { codec: 'h265', name: 'PPS', payload: '4401 c0', starts: false },
  { codec: 'h265', name: 'first CRA slice', payload: '2a01 80', starts: true },
  { codec: 'h265', name: 'later CRA slice', payload: '2a01 00', starts: false },
  { codec: 'h265', name: 'trailing picture', payload: '0201 80', starts: false },
  {
    codec: 'h265',
    name: 'AP of SEI and IDR',
    payload: '6001 0003 4e0101 0003 260180',
    starts: true,
  },
  { codec: 'h265', name: 'AP of PPS', payload: '6001 0003 4401c0', starts: false },
  { codec: 'h265', name: 'first fragment of an IDR slice', payload: '6201 93 80', starts: true },
  { codec: 'h265', name: 'last fragment of an IDR slice', payload: '6201 53 80', starts: false },
  { codec: 'h265', name: 'half a header', payload: '26', starts: false },
  { codec: 'aac', name: 'anything', payload: '67 4200', starts: false },
  { codec: 'other', name: 'anything', payload: '67 4200', starts: false },
] as const;

describe('startsKeyframe', () => {
  it.each(CASES)('$codec $name: $starts', ({ codec, payload, starts }) => {
    const bytes = hex(payload);
    const buf = Buffer.concat([Buffer.alloc(2, 0x67), bytes, Buffer.alloc(8, 0x67)]);
    expect(startsKeyframe(codec, buf, 2, 2 + bytes.length)).toBe(starts);
  });

  it('never throws on random bytes', () => {
    const head = fc.constantFrom(0x78, 0x7c, 0x60, 0x62, 0x67, 0x26);
    fc.assert(
      fc.property(head, fc.uint8Array({ maxLength: 40 }), (first, rest) => {
        const buf = Buffer.from([first, ...rest]);
        for (const codec of ['h264', 'h265'] as const) {
          expect(typeof startsKeyframe(codec, buf, 0, buf.length)).toBe('boolean');
        }
      }),
    );
  });
});
