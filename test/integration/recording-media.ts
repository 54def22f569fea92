import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ManualClock, MonotonicMs } from '@nightjar/common';
import type { Recorder, RecordingLog, RecordingMetrics } from '@nightjar/recording';
import type { PacketBatch } from '@nightjar/relay';
import type { CodecConfig, Packetizer } from '@nightjar/rtp';
import { createPacketizer, formatOf, parseH264Sps, parseH265Sps, splitAnnexB } from '@nightjar/rtp';
import type { SdpTrack } from '@nightjar/rtsp';

/** One access unit of a clip; times in ticks of its track. */
export interface ClipUnit {
  readonly data: Uint8Array;
  readonly keyframe: boolean;
  readonly ticks: number;
  /** When a camera would send it. */
  readonly sendMs: number;
}

export interface Clip {
  readonly config: CodecConfig;
  readonly clockRateHz: number;
  /** What the encoder wrote. */
  readonly file: string;
  /** In sending order. */
  readonly units: readonly ClipUnit[];
}

function ffmpeg(...args: string[]): void {
  execFileSync('ffmpeg', ['-v', 'error', '-y', ...args]);
}

/** Samples of an MP4 by position, so that presentation times of B-frames are those of the encoder. */
function samplesOf(file: string, clockRateHz: number): ClipUnit[] {
  const entries = 'packet=pts_time,dts_time,pos,size,flags';
  const out = execFileSync('ffprobe', [
    '-v',
    'error',
    '-show_entries',
    entries,
    '-of',
    'json',
    file,
  ]);
  const { packets } = JSON.parse(out.toString()) as { packets: Record<string, string>[] };
  const bytes = readFileSync(file);
  const units = packets.map((packet) => {
    const position = Number(packet['pos']);
    return {
      data: bytes.subarray(position, position + Number(packet['size'])),
      keyframe: (packet['flags'] ?? '').startsWith('K'),
      ticks: Math.round(Number(packet['pts_time']) * clockRateHz),
      sendMs: Number(packet['dts_time']) * 1000,
    };
  });
  // Encoders begin before zero: B-frames with their decode times, sound with its priming.
  const firstMs = units[0]?.sendMs ?? 0;
  return units.map((unit) => ({ ...unit, sendMs: unit.sendMs - firstMs }));
}

export interface VideoClipOptions {
  readonly codec: 'h264' | 'h265';
  readonly seconds: number;
  readonly fps: number;
  readonly gop: number;
  readonly bFrames?: number;
  readonly size?: string;
}

export function videoClip(directory: string, o: VideoClipOptions): Clip {
  const mp4 = join(directory, `${o.codec}-${o.size ?? 'qvga'}-${o.bFrames ?? 0}.mp4`);
  const annexB = `${mp4}.es`;
  const source = `testsrc2=size=${o.size ?? '320x240'}:rate=${o.fps}:duration=${o.seconds}`;
  const encoder =
    o.codec === 'h264'
      ? [
          '-c:v',
          'libx264',
          '-preset',
          'veryfast',
          '-g',
          `${o.gop}`,
          '-bf',
          `${o.bFrames ?? 0}`,
          '-sc_threshold',
          '0',
        ]
      : [
          '-c:v',
          'libx265',
          '-preset',
          'ultrafast',
          '-x265-params',
          `log-level=none:keyint=${o.gop}:min-keyint=${o.gop}:scenecut=0:bframes=${o.bFrames ?? 0}:open-gop=0`,
        ];
  ffmpeg(
    '-f',
    'lavfi',
    '-i',
    source,
    ...encoder,
    '-pix_fmt',
    'yuv420p',
    '-video_track_timescale',
    '90000',
    mp4,
  );
  const filter = o.codec === 'h264' ? 'h264_mp4toannexb' : 'hevc_mp4toannexb';
  ffmpeg(
    '-i',
    mp4,
    '-c',
    'copy',
    '-bsf:v',
    filter,
    '-f',
    o.codec === 'h264' ? 'h264' : 'hevc',
    annexB,
  );
  const nals = splitAnnexB(readFileSync(annexB));
  const nal = (test: (first: number) => boolean): Uint8Array => {
    const found = nals.find((unit) => test(unit[0] ?? 0));
    if (found === undefined) throw new Error('the clip has no parameter sets');
    return Uint8Array.from(found);
  };
  let config: CodecConfig;
  if (o.codec === 'h264') {
    const sps = nal((first) => (first & 31) === 7);
    const { widthPx, heightPx } = parseH264Sps(sps);
    config = { codec: 'h264', sps, pps: nal((first) => (first & 31) === 8), widthPx, heightPx };
  } else {
    const type = (wanted: number) => nal((first) => ((first >> 1) & 63) === wanted);
    const sps = type(33);
    const { widthPx, heightPx } = parseH265Sps(sps);
    config = { codec: 'h265', vps: type(32), sps, pps: type(34), widthPx, heightPx };
  }
  return { config, clockRateHz: 90_000, file: mp4, units: samplesOf(mp4, 90_000) };
}

export function audioClip(
  directory: string,
  codec: 'aac' | 'opus' | 'pcmu' | 'pcma',
  seconds: number,
): Clip {
  const sine = (rate: number) => [
    '-f',
    'lavfi',
    '-i',
    `sine=frequency=440:sample_rate=${rate}:duration=${seconds}`,
  ];
  if (codec === 'pcmu' || codec === 'pcma') {
    const file = join(directory, `${codec}.raw`);
    const name = codec === 'pcmu' ? 'mulaw' : 'alaw';
    ffmpeg(...sine(8000), '-c:a', `pcm_${name}`, '-f', name, file);
    const bytes = readFileSync(file);
    const units: ClipUnit[] = [];
    for (let at = 0; at + 160 <= bytes.length; at += 160) {
      units.push({
        data: bytes.subarray(at, at + 160),
        keyframe: true,
        ticks: at,
        sendMs: at / 8 + 20,
      });
    }
    return { config: { codec, sampleRateHz: 8000, channels: 1 }, clockRateHz: 8000, file, units };
  }
  const rate = codec === 'aac' ? 16_000 : 48_000;
  const file = join(directory, `${codec}.mp4`);
  ffmpeg(
    ...sine(rate),
    '-ac',
    '1',
    '-c:a',
    codec === 'aac' ? 'aac' : 'libopus',
    '-strict',
    '-2',
    file,
  );
  const all = samplesOf(file, rate);
  const first = all[0]?.ticks ?? 0;
  const units = all
    .map((unit) => ({ ...unit, ticks: unit.ticks - first, sendMs: unit.sendMs + 64 }))
    .filter((unit) => unit.ticks < seconds * rate);
  const config: CodecConfig =
    codec === 'aac'
      ? {
          codec,
          audioSpecificConfig: Uint8Array.from([0x14, 0x08]),
          sampleRateHz: rate,
          channels: 1,
        }
      : { codec, sampleRateHz: 48_000, channels: 1 };
  return { config, clockRateHz: rate, file, units };
}

export function sdpTrack(clip: Clip, payloadType: number): SdpTrack {
  return {
    format: formatOf(clip.config, payloadType),
    control: `track${payloadType}`,
    direction: 'recvonly',
  };
}

/** What a hub would publish for one read of the camera's socket. */
export function batchOf(
  packets: readonly { readonly track: number; readonly packet: Buffer }[],
  arrivalMs: MonotonicMs,
): PacketBatch {
  const parts = packets.flatMap(({ track, packet }) => {
    const head = Buffer.from([0x24, 2 * track, 0, 0]);
    head.writeUInt16BE(packet.length, 2);
    return [head, packet];
  });
  const offsets = new Uint32Array(packets.length);
  let at = 0;
  packets.forEach(({ packet }, index) => {
    offsets[index] = at + 4;
    at += 4 + packet.length;
  });
  return {
    bytes: Buffer.concat(parts),
    count: packets.length,
    offsets,
    lengths: Uint32Array.from(packets, ({ packet }) => packet.length),
    tracks: Uint8Array.from(packets, ({ track }) => track),
    keyframeAt: -1,
    arrivalMs,
  };
}

/** Plays clips into a recorder by a clock that is turned by hand; the clips repeat for ever. */
export class TestCamera {
  private readonly packetizers: Packetizer[];
  private sentMs = 0;
  /** Indexes of packets to lose, by running number. */
  lose: (packetNumber: number) => boolean = () => false;
  private packetNumber = 0;

  constructor(
    private readonly clock: ManualClock,
    private readonly clips: readonly Clip[],
    /** Length of the clips, after which they repeat. */
    private readonly loopMs: number,
  ) {
    this.packetizers = clips.map((clip, track) =>
      createPacketizer(clip.config, {
        payloadType: 96 + track,
        ssrc: track + 1,
        firstSequence: 1000,
      }),
    );
  }

  get tracks(): SdpTrack[] {
    return this.clips.map((clip, track) => sdpTrack(clip, 96 + track));
  }

  /** Sends what falls into the next `ms`, in steps of `stepMs`, letting the disk work in between. */
  async play(recorder: Recorder, ms: number, stepMs = 20): Promise<void> {
    for (let done = 0; done < ms; done += stepMs) {
      this.clock.advance(stepMs);
      const batch = this.packetsUntil(this.sentMs + stepMs);
      if (batch.length > 0) recorder.batch(batchOf(batch, this.clock.monotonicMs()), 0);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  private packetsUntil(endMs: number): { track: number; packet: Buffer }[] {
    const due: { track: number; unit: ClipUnit; loop: number; sendMs: number }[] = [];
    this.clips.forEach((clip, track) => {
      for (const loop of [
        Math.floor(this.sentMs / this.loopMs) - 1,
        Math.floor(endMs / this.loopMs),
      ]) {
        for (const candidate of new Set([loop, loop + 1])) {
          for (const unit of clip.units) {
            const sendMs = unit.sendMs + candidate * this.loopMs;
            if (candidate >= 0 && sendMs >= this.sentMs && sendMs < endMs)
              due.push({ track, unit, loop: candidate, sendMs });
          }
        }
      }
    });
    this.sentMs = endMs;
    due.sort((a, b) => a.sendMs - b.sendMs);
    const seen = new Set<string>();
    return due.flatMap(({ track, unit, loop }) => {
      const key = `${track}/${loop}/${unit.ticks}`;
      if (seen.has(key)) return [];
      seen.add(key);
      const rate = this.clips[track]?.clockRateHz ?? 1;
      const ticks = 4_000_000_000 + unit.ticks + Math.round((loop * this.loopMs * rate) / 1000);
      const packets = this.packetizers[track]?.packetize(unit, ticks % 2 ** 32) ?? [];
      return packets
        .filter(() => !this.lose(this.packetNumber++))
        .map((packet) => ({ track, packet }));
    });
  }
}

export const silentLog: RecordingLog = { info: () => {}, warn: () => {}, error: () => {} };

export class CountingMetrics implements RecordingMetrics {
  bytes = 0;
  seconds = 0;
  readonly gaps: { reason: string; ms: number }[] = [];
  readonly drops: string[] = [];
  bytesWritten(bytes: number): void {
    this.bytes += bytes;
  }
  mediaWritten(seconds: number): void {
    this.seconds += seconds;
  }
  lastSample(): void {}
  dropped(reason: string): void {
    this.drops.push(reason);
  }
  gap(reason: string, ms: number): void {
    this.gaps.push({ reason, ms });
  }
  fragmentWrite(): void {}
  segmentCommit(): void {}
}

/** What ffmpeg says while it decodes a file: nothing, if all is well. */
export function decodeErrors(file: string): string {
  const { stderr, status } = spawnSync('ffmpeg', ['-v', 'error', '-i', file, '-f', 'null', '-'], {
    encoding: 'utf8',
  });
  return status === 0 ? stderr : `exit ${status}: ${stderr}`;
}

/** Hashes of the decoded pictures of files played one after another, in order. */
export function pictureHashes(files: readonly string[]): string[] {
  return files.flatMap((file) => {
    const args = ['-v', 'error', '-i', file, '-map', '0:v', '-f', 'framemd5', '-'];
    const lines = execFileSync('ffmpeg', args, { encoding: 'utf8' }).split('\n');
    return lines
      .filter((line) => /^\d/.test(line))
      .map((line) => line.split(',').at(-1)?.trim() ?? '');
  });
}
