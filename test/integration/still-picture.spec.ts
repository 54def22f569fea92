import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { repeatable, splitAnnexB, type VideoConfig } from '@nightjar/rtp';

const START = Buffer.from([0, 0, 0, 1]);
const REPETITIONS = 6;

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'nightjar-still-'));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Codec = VideoConfig['codec'];

const typeOf = (codec: Codec, nal: Uint8Array): number =>
  codec === 'h264' ? nal[0]! & 0x1f : (nal[0]! >> 1) & 0x3f;

/** A stream of our own as Annex B. */
function encode(codec: Codec, options: readonly string[]): Buffer {
  const file = path.join(folder, `clip.${codec}`);
  const encoder = codec === 'h264' ? 'libx264' : 'libx265';
  execFileSync('ffmpeg', [
    '-v',
    'error',
    '-y',
    '-f',
    'lavfi',
    '-i',
    'testsrc2=s=320x240:r=25',
    '-frames:v',
    '40',
    '-pix_fmt',
    'yuv420p',
    '-c:v',
    encoder,
    ...options,
    file,
  ]);
  return readFileSync(file);
}

/** The last keyframe of a stream, and what a decoder must know for it. */
function lastKeyframe(codec: Codec, stream: Buffer): { unit: Buffer; config: VideoConfig } {
  const nals = splitAnnexB(stream);
  const isKey = (nal: Uint8Array): boolean => {
    const type = typeOf(codec, nal);
    return codec === 'h264' ? type === 5 : type >= 16 && type <= 21;
  };
  const set = (type: number): Uint8Array => nals.find((nal) => typeOf(codec, nal) === type)!;
  let end = nals.findLastIndex(isKey) + 1;
  let begin = end;
  while (begin > 0 && isKey(nals[begin - 1]!)) begin -= 1;
  if (end === 0) end = begin;
  const unit = Buffer.concat(
    nals.slice(begin, end).flatMap((nal) => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(nal.length);
      return [length, nal];
    }),
  );
  const size = { widthPx: 320, heightPx: 240 };
  const config: VideoConfig =
    codec === 'h264'
      ? { codec, sps: set(7), pps: set(8), ...size }
      : { codec, vps: set(32), sps: set(33), pps: set(34), ...size };
  return { unit, config };
}

/** Units as Annex B, parameter sets before each. */
function asStream(config: VideoConfig, units: readonly Buffer[]): Buffer {
  const sets =
    config.codec === 'h264' ? [config.sps, config.pps] : [config.vps, config.sps, config.pps];
  return Buffer.concat(
    units.flatMap((unit) => {
      const nals: Uint8Array[] = [...sets];
      for (let at = 0; at < unit.length; at += 4 + unit.readUInt32BE(at))
        nals.push(unit.subarray(at + 4, at + 4 + unit.readUInt32BE(at)));
      return nals.flatMap((nal) => [START, nal]);
    }),
  );
}

/** What a strict decoder makes of it: a hash per picture. */
function decode(codec: Codec, stream: Buffer): string[] {
  const file = path.join(folder, `still.${codec}`);
  writeFileSync(file, stream);
  const output = execFileSync('ffmpeg', [
    '-v',
    'error',
    '-xerror',
    '-err_detect',
    'explode',
    '-f',
    codec === 'h264' ? 'h264' : 'hevc',
    '-i',
    file,
    '-f',
    'framemd5',
    '-',
  ]);
  return output
    .toString()
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split(',').at(-1)!.trim());
}

describe('a keyframe that is shown again and again', () => {
  it.each<readonly [string, Codec, readonly string[]]>([
    ['H.264 High, CABAC', 'h264', ['-g', '10']],
    [
      'H.264 Baseline, CAVLC, slices',
      'h264',
      ['-g', '10', '-profile:v', 'baseline', '-slices', '4'],
    ],
    ['H.264 interlaced', 'h264', ['-g', '10', '-flags', '+ilme+ildct', '-x264-params', 'tff=1']],
    ['H.264 High, CAVLC', 'h264', ['-g', '1000', '-coder', 'vlc']],
    ['H.265 IDR', 'h265', ['-x265-params', 'log-level=none:keyint=10:open-gop=0']],
    ['H.265 CRA', 'h265', ['-x265-params', 'log-level=none:keyint=10:open-gop=1']],
  ])('is the same valid picture each time: %s', (_, codec, options) => {
    const { unit, config } = lastKeyframe(codec, encode(codec, options));
    const [once] = decode(codec, asStream(config, [unit]));
    const forms = repeatable(unit, config);
    const units = Array.from({ length: REPETITIONS }, (__, at) => forms[at % 2]!);
    expect(decode(codec, asStream(config, units))).toEqual(units.map(() => once));
  });
});
