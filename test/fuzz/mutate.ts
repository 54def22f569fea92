import type { SeededRandom } from './random.js';

/** What is put where something else stood: limits, lies, and what other parsers stumbled over. */
const TOKENS = [
  '\r\n',
  '\r\n\r\n',
  '\0',
  '$',
  ';',
  ',',
  '"',
  '%00',
  '%2e%2e/',
  '../../',
  '\\',
  '-1',
  '0',
  '65535',
  '65536',
  '4294967296',
  '99999999999999999999',
  'NaN',
  'npt=now-',
  'npt=5-1',
  'clock=20260101T000000Z-',
  'RTP/AVP;multicast;ttl=999',
  'interleaved=254-255',
  'interleaved=0-255',
  'client_port=0-0',
  'destination=192.0.2.1',
  'RTSP/2.0',
  'RTSP/3.0',
  'Session: 0\r\n',
  'Content-Length: 131072\r\n',
  'Content-Length: 99999999\r\n',
  'Require: com.example.nothing\r\n',
  'Pipelined-Requests: 1\r\n',
  '__proto__',
];
const MAX_REPEATS = 200;
const MAX_CHUNK_BYTES = 64;
const MAX_CHANGES = 4;

/** One conversation, changed in a few places, whose pieces are sent one after the other. */
export function mutate(pieces: readonly Buffer[], random: SeededRandom): Buffer[] {
  const changed = [...pieces];
  for (let left = 1 + random.below(MAX_CHANGES); left > 0; left--) {
    if (random.oneIn(4)) reorder(changed, random);
    else {
      const at = random.below(changed.length);
      changed[at] = mutateBytes(changed[at]!, random);
    }
  }
  return changed;
}

/** Bytes with one change: flipped, cut, doubled, or with something foreign in them. */
export function mutateBytes(bytes: Buffer, random: SeededRandom): Buffer {
  const at = random.below(bytes.length + 1);
  const length = random.below(Math.min(bytes.length - at, MAX_CHUNK_BYTES) + 1);
  const [before, part, after] = [
    bytes.subarray(0, at),
    bytes.subarray(at, at + length),
    bytes.subarray(at + length),
  ];
  switch (random.below(6)) {
    case 0: {
      const flipped = Buffer.from(bytes);
      if (at < flipped.length) flipped[at]! ^= 1 << random.below(8);
      return flipped;
    }
    case 1:
      return Buffer.concat([before, after]);
    case 2:
      return Buffer.concat([before, ...Array<Buffer>(random.below(MAX_REPEATS)).fill(part), after]);
    case 3:
      return Buffer.concat([before, Buffer.from(random.pick(TOKENS), 'latin1'), after]);
    case 4:
      return changeNumber(bytes, random);
    default:
      return Buffer.from(before);
  }
}

function reorder(pieces: Buffer[], random: SeededRandom): void {
  const [from, to] = [random.below(pieces.length), random.below(pieces.length)];
  const [piece] = random.oneIn(2) ? [pieces[from]!] : pieces.splice(from, 1);
  pieces.splice(to, 0, piece!);
}

/** Another number in place of one of those that are written in the text. */
function changeNumber(bytes: Buffer, random: SeededRandom): Buffer {
  const text = bytes.toString('latin1');
  const numbers = [...text.matchAll(/\d+/g)];
  if (numbers.length === 0) return bytes;
  const { index, 0: old } = random.pick(numbers);
  const other = random.pick(['0', '1', '-1', '255', '256', '65535', '65536', '9'.repeat(20)]);
  return Buffer.from(text.slice(0, index) + other + text.slice(index + old.length), 'latin1');
}
