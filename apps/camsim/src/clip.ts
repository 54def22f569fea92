import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { NightjarError } from '@nightjar/common';
import { parseH264Sps, parseH265Sps, splitAnnexB } from '@nightjar/rtp';
import type { CodecConfig } from '@nightjar/rtp';
import { parseAdts } from './adts.js';

export type VideoCodec = 'h264' | 'h265';

/** One access unit as the packetizer takes it: video NAL units behind 4-byte lengths, or one raw AAC frame. */
export interface ClipUnit {
  readonly data: Uint8Array;
  readonly keyframe: boolean;
}

/** One track of a clip; all its units last equally long. */
export interface ClipTrack {
  readonly config: CodecConfig;
  readonly clockRateHz: number;
  readonly ticksPerUnit: number;
  readonly units: readonly ClipUnit[];
}

export const VIDEO_CLOCK_HZ = 90_000;
/** All clips are made with this rate; see clips/make-clips.sh. */
const CLIP_FRAMES_PER_SECOND = 25;
const AAC_FRAME_SAMPLES = 1024;

/** Length-prefixed form of a NAL unit (ISO/IEC 14496-15 with 4-byte lengths). */
export function lengthPrefixed(nal: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(4 + nal.length);
  bytes.writeUInt32BE(nal.length, 0);
  bytes.set(nal, 4);
  return bytes;
}

/** Tracks of the clip `name`: its video and, if it has any, its audio. Throws NightjarError `not-found`. */
export function loadClip(name: string): ClipTrack[] {
  const folder = clipsFolder();
  const files = readdirSync(folder);
  const video = (['h264', 'h265'] as const).find((codec) => files.includes(`${name}.${codec}`));
  if (video === undefined) {
    const known = files.filter((file) => /\.h26[45]$/.test(file)).map((file) => file.slice(0, -5));
    throw new NightjarError(
      'not-found',
      'camsim/clip',
      `No clip "${name}"; there are ${[...new Set(known)].sort().join(', ')}`,
    );
  }
  const tracks = [loadVideo(name, video)];
  if (files.includes(`${name}.aac`)) tracks.push(loadAudio(join(folder, `${name}.aac`)));
  return tracks;
}

/** The video track of the clip `name` in the given codec. */
export function loadVideo(name: string, codec: VideoCodec): ClipTrack {
  const bytes = readFileSync(join(clipsFolder(), `${name}.${codec}`));
  return {
    ...(codec === 'h264' ? h264Units(bytes) : h265Units(bytes)),
    clockRateHz: VIDEO_CLOCK_HZ,
    ticksPerUnit: VIDEO_CLOCK_HZ / CLIP_FRAMES_PER_SECOND,
  };
}

function loadAudio(file: string): ClipTrack {
  const { frames, ...config } = parseAdts(readFileSync(file));
  return {
    config: { codec: 'aac', ...config },
    clockRateHz: config.sampleRateHz,
    ticksPerUnit: AAC_FRAME_SAMPLES,
    units: frames.map((data) => ({ data, keyframe: true })),
  };
}

/** Works from the sources and from dist/ alike: the clips are not compiled, so they stay where they are in the repository. */
export function clipsFolder(): string {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    const clips = join(folder, 'apps', 'camsim', 'clips');
    if (existsSync(clips)) return clips;
    if (folder === dirname(folder)) {
      throw new NightjarError(
        'not-found',
        'camsim/clips',
        'The folder apps/camsim/clips is missing',
      );
    }
  }
}

type Role = 'delimiter' | 'vps' | 'sps' | 'pps' | 'keyframe' | 'other';

/** ITU-T H.264 table 7-1. */
function h264Role(nal: Uint8Array): Role {
  switch ((nal[0] ?? 0) & 31) {
    case 5:
      return 'keyframe';
    case 7:
      return 'sps';
    case 8:
      return 'pps';
    case 9:
      return 'delimiter';
    default:
      return 'other';
  }
}

/** ITU-T H.265 table 7-1; IRAP pictures are types 16-23. */
function h265Role(nal: Uint8Array): Role {
  const type = ((nal[0] ?? 0) >> 1) & 63;
  if (type >= 16 && type <= 23) return 'keyframe';
  const roles: Record<number, Role> = { 32: 'vps', 33: 'sps', 34: 'pps', 35: 'delimiter' };
  return roles[type] ?? 'other';
}

function h264Units(bytes: Buffer): { config: CodecConfig; units: ClipUnit[] } {
  const { units, sets } = unitsOf(bytes, h264Role);
  const { sps, pps } = sets;
  if (sps === undefined || pps === undefined) throw incomplete();
  const { widthPx, heightPx } = parseH264Sps(sps);
  return { config: { codec: 'h264', sps, pps, widthPx, heightPx }, units };
}

function h265Units(bytes: Buffer): { config: CodecConfig; units: ClipUnit[] } {
  const { units, sets } = unitsOf(bytes, h265Role);
  const { vps, sps, pps } = sets;
  if (vps === undefined || sps === undefined || pps === undefined) throw incomplete();
  const { widthPx, heightPx } = parseH265Sps(sps);
  return { config: { codec: 'h265', vps, sps, pps, widthPx, heightPx }, units };
}

function unitsOf(
  bytes: Buffer,
  roleOf: (nal: Uint8Array) => Role,
): { units: ClipUnit[]; sets: Partial<Record<'vps' | 'sps' | 'pps', Uint8Array>> } {
  const pictures: { nals: Buffer[]; keyframe: boolean }[] = [];
  const sets: Partial<Record<'vps' | 'sps' | 'pps', Uint8Array>> = {};
  for (const nal of splitAnnexB(bytes)) {
    const role = roleOf(nal);
    if (role === 'delimiter') {
      pictures.push({ nals: [], keyframe: false });
    } else if (role === 'vps' || role === 'sps' || role === 'pps') {
      sets[role] ??= Uint8Array.from(nal);
    } else {
      const picture = pictures.at(-1);
      if (picture === undefined) throw incomplete();
      picture.nals.push(lengthPrefixed(nal));
      picture.keyframe ||= role === 'keyframe';
    }
  }
  return {
    units: pictures.map(({ nals, keyframe }) => ({ data: Buffer.concat(nals), keyframe })),
    sets,
  };
}

function incomplete(): NightjarError {
  return new NightjarError(
    'invalid',
    'camsim/clip',
    'A clip needs parameter sets, and a delimiter before each picture (see clips/make-clips.sh)',
  );
}
