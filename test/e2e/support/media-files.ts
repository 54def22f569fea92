import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fieldPictures } from '../../../libs/containers/test/field-pictures.js';
import { concurrently } from './concurrently.js';
import { runProgram } from './program.js';

const SECONDS = 2;
const PICTURES = ['-f', 'lavfi', '-i', `testsrc2=size=192x144:rate=25:duration=${SECONDS}`];
const SOUND = ['-f', 'lavfi', '-i', `sine=frequency=440:sample_rate=48000:duration=${SECONDS}`];
const KEYFRAMES = ['-g', '25'];
const H264 = ['-c:v', 'libx264', '-preset', 'veryfast', '-pix_fmt', 'yuv420p', ...KEYFRAMES];
const H265 = [
  '-c:v',
  'libx265',
  '-preset',
  'ultrafast',
  '-x265-params',
  'log-level=none:keyint=25',
];
const FAST_VPX = ['-deadline', 'realtime', '-cpu-used', '8', ...KEYFRAMES];

/** A file by its name, and what ffmpeg is told to make it. */
const RECIPES: Readonly<Record<string, readonly string[]>> = {
  'film.264': [...PICTURES, ...H264],
  'film.265': [...PICTURES, ...H265, '-pix_fmt', 'yuv420p'],
  'film.m4e': [...PICTURES, '-c:v', 'mpeg4', '-bf', '2', ...KEYFRAMES, '-f', 'm4v'],
  'film.mpg': [
    ...PICTURES,
    ...SOUND,
    '-c:v',
    'mpeg2video',
    '-bf',
    '2',
    '-c:a',
    'mp2',
    '-f',
    'mpeg',
  ],
  'film.vob': [...PICTURES, ...SOUND, '-c:v', 'mpeg2video', '-c:a', 'ac3', '-f', 'vob'],
  'film.ts': [...PICTURES, ...SOUND, ...H264, '-c:a', 'aac'],
  'film.mp4': [...PICTURES, ...SOUND, ...H264, '-c:a', 'aac'],
  'film.mov': [...PICTURES, ...SOUND, ...H264, '-c:a', 'pcm_s16le'],
  'film.mkv': [...PICTURES, ...SOUND, ...H265, '-pix_fmt', 'yuv420p', '-c:a', 'libmp3lame'],
  'film.webm': [...PICTURES, ...SOUND, '-c:v', 'libvpx', ...FAST_VPX, '-c:a', 'libvorbis'],
  'vp9.webm': [...PICTURES, ...SOUND, '-c:v', 'libvpx-vp9', ...FAST_VPX, '-c:a', 'libopus'],
  'film.ogv': [
    ...PICTURES,
    ...SOUND,
    '-c:v',
    'libtheora',
    '-q:v',
    '6',
    ...KEYFRAMES,
    '-c:a',
    'libvorbis',
  ],
  'sound.ogg': [...SOUND, '-c:a', 'libvorbis'],
  'sound.opus': [...SOUND, '-c:a', 'libopus'],
  'sound.aac': [...SOUND, '-c:a', 'aac'],
  'sound.m4a': [...SOUND, '-c:a', 'aac'],
  'sound.mp3': [...SOUND, '-c:a', 'libmp3lame', '-b:a', '128k'],
  'sound.ac3': [...SOUND, '-c:a', 'ac3', '-b:a', '448k'],
  'sound.wav': [...SOUND, '-c:a', 'pcm_s24le'],
  'phone.wav': [...SOUND, '-ar', '8000', '-c:a', 'pcm_alaw'],
};

/** What ffmpeg 5.1 takes out of no RTP. Pictures of one unit each: of several, Janus 1.1 loses the bounds. */
export const AV1 = [
  ...PICTURES,
  '-c:v',
  'libaom-av1',
  '-usage',
  'realtime',
  '-cpu-used',
  '8',
].concat(['-lag-in-frames', '0', ...KEYFRAMES]);

/** Names of files that {@link makeMediaFiles} makes: one for each kind that is served. */
export const MEDIA_FILES = [...Object.keys(RECIPES), 'fields.264', 'sound.amr', 'wide.amr'];

/** Makes a short film or sound of each kind. */
export async function makeMediaFiles(directory: string): Promise<void> {
  await concurrently(Object.entries(RECIPES), ([name, recipe]) =>
    makeMediaFile(path.join(directory, name), recipe),
  );
  await writeFile(path.join(directory, 'fields.264'), fieldPictures(SECONDS * 25));
  await writeFile(path.join(directory, 'sound.amr'), amr(SECONDS * 50));
  await writeFile(path.join(directory, 'wide.amr'), await wideAmr(directory));
}

export async function makeMediaFile(file: string, recipe: readonly string[]): Promise<void> {
  const args = ['-nostdin', '-v', 'error', '-y', ...recipe, file];
  const { code, stderr } = await runProgram('ffmpeg', args);
  if (code !== 0) throw new Error(`ffmpeg could not make ${file}: ${stderr}`);
}

/** AMR-WB, which GStreamer makes and ffmpeg does not: its frames, each with its header, behind the magic (RFC 4867 s.5.1). */
async function wideAmr(directory: string): Promise<Buffer> {
  const bare = path.join(directory, '.wide');
  const pipeline = `audiotestsrc num-buffers=${SECONDS * 50} samplesperbuffer=320 ! audio/x-raw,rate=16000,channels=1 ! voamrwbenc ! filesink location=${bare}`;
  const { code, stderr } = await runProgram('gst-launch-1.0', ['-q', ...pipeline.split(' ')]);
  if (code !== 0) throw new Error(`GStreamer could not make AMR-WB: ${stderr}`);
  const frames = await readFile(bare);
  await rm(bare);
  return Buffer.concat([Buffer.from('#!AMR-WB\n'), frames]);
}

/** ffmpeg decodes AMR and cannot make it: frames of 12.2 kbit/s with speech of any bits. */
function amr(frames: number): Buffer {
  const parts = [Buffer.from('#!AMR\n')];
  for (let frame = 0; frame < frames; frame += 1) {
    const speech = Buffer.from(Array.from({ length: 31 }, (_, i) => (frame * 37 + i * 101) & 0xff));
    parts.push(Buffer.from([0x3c]), speech);
  }
  return Buffer.concat(parts);
}
