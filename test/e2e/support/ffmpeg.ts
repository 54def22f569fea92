import { runProgram } from './program.js';

/** A packet as ffprobe finds it. */
interface MediaPacket {
  readonly seconds: number;
  readonly durationSeconds: number;
  readonly keyframe: boolean;
  readonly md5: string;
}

/** Everything ffmpeg has to complain about while it decodes a file or stream to its end; empty = plays. */
export async function decodingErrors(input: readonly string[], limitMs?: number): Promise<string> {
  const args = ['-nostdin', '-v', 'error', ...input, '-f', 'null', '-'];
  const { code, stderr } = await runProgram(
    'ffmpeg',
    args,
    limitMs === undefined ? {} : { limitMs },
  );
  return code === 0 ? stderr : `${stderr}\nexit code ${code}`;
}

/** Datagrams that can wait for an ffmpeg that has no core for a while; its own choice is full after some frames. */
const DATAGRAM_BUFFER_BYTES = 4 * 1024 * 1024;

/** What ffmpeg is told to read by RTSP. */
export function rtspInput(transport: string, url: string): string[] {
  const buffer = transport.startsWith('udp') ? ['-buffer_size', String(DATAGRAM_BUFFER_BYTES)] : [];
  return ['-rtsp_transport', transport, ...buffer, '-i', url];
}

/** MD5 of each decoded picture of the first video track. */
export async function decodedPictures(
  input: readonly string[],
  limitMs?: number,
): Promise<string[]> {
  return hashesOf([...input, '-map', '0:v:0', '-fps_mode', 'passthrough'], limitMs);
}

/** MD5 of each frame of the first audio track, as it is coded. */
export async function framesOfSound(input: readonly string[]): Promise<string[]> {
  return hashesOf([...input, '-map', '0:a:0', '-c', 'copy']);
}

/** Of framemd5; side data follow. */
const HASH_COLUMN = 5;

async function hashesOf(args: readonly string[], limitMs?: number): Promise<string[]> {
  const { code, stdout, stderr } = await runProgram(
    'ffmpeg',
    ['-nostdin', '-v', 'error', ...args, '-f', 'framemd5', '-'],
    limitMs === undefined ? {} : { limitMs },
  );
  if (code !== 0 || stderr !== '') throw new Error(`ffmpeg ended with ${code}: ${stderr}`);
  return stdout
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split(',')[HASH_COLUMN]!.trim());
}

/** Kind and codec of each track, such as `video h264 640x360`. */
export async function probeTracks(input: readonly string[]): Promise<string[]> {
  const args = [
    '-v',
    'error',
    '-show_entries',
    'stream=codec_type,codec_name,width,height',
    '-of',
    'json',
    ...input,
  ];
  const { code, stdout, stderr } = await runProgram('ffprobe', args);
  if (code !== 0) throw new Error(`ffprobe ended with ${code}: ${stderr}`);
  const { streams } = JSON.parse(stdout) as {
    streams: { codec_type: string; codec_name: string; width?: number; height?: number }[];
  };
  return streams.map(({ codec_type: kind, codec_name: codec, width, height }) =>
    width === undefined ? `${kind} ${codec}` : `${kind} ${codec} ${width}x${height}`,
  );
}

/** Packets of the first video track of a file, in decoding order. */
export async function videoPackets(file: string): Promise<MediaPacket[]> {
  const entries = 'packet=pts_time,duration_time,flags,data_hash';
  const args = [
    '-v',
    'error',
    '-select_streams',
    'v:0',
    '-show_data_hash',
    'md5',
    '-show_entries',
    entries,
    '-of',
    'json',
    file,
  ];
  const { code, stdout, stderr } = await runProgram('ffprobe', args);
  if (code !== 0) throw new Error(`ffprobe ${file} ended with ${code}: ${stderr}`);
  const { packets } = JSON.parse(stdout) as {
    packets: { pts_time: string; duration_time?: string; flags: string; data_hash: string }[];
  };
  return packets.map(({ pts_time: pts, duration_time: duration, flags, data_hash: hash }) => ({
    seconds: Number(pts),
    durationSeconds: Number(duration ?? 0),
    keyframe: flags.startsWith('K'),
    md5: hash.replace(/^MD5:/i, '').toLowerCase(),
  }));
}
