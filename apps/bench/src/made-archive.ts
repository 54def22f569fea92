import { ManualClock, NightjarError } from '@nightjar/common';
import {
  createRecorder,
  Journal,
  Volume,
  WallClock,
  type Recorder,
  type RecordingLog,
  type RecordingMetrics,
} from '@nightjar/recording';
import type { PacketBatch } from '@nightjar/relay';
import { createPacketizer, formatOf } from '@nightjar/rtp';
import { FILLING_VIDEO } from './filling.js';

/** What to make: one stream `main` of one camera. */
export interface ArchiveOptions {
  readonly camera: string;
  readonly seconds: number;
  readonly bitsPerSecond: number;
  readonly framesPerSecond: number;
  readonly gopFrames: number;
  /** Unix epoch milliseconds. */
  readonly startMs: number;
}

const PAYLOAD_TYPE = 96;
const VIDEO_CLOCK_HZ = 90_000;
/** A keyframe is this many times as large as the frames after it. */
const KEYFRAME_WEIGHT = 8;
const SEGMENT_MS = 60_000;
const QUEUE_BYTES = 64 * 1024 * 1024;

const quiet: RecordingLog = { info: () => {}, warn: () => {}, error: () => {} };

/** Fails instead of leaving a hole: an archive that is shorter than asked would make every figure over it a lie. */
const whole: RecordingMetrics = {
  bytesWritten: () => {},
  mediaWritten: () => {},
  lastSample: () => {},
  dropped: (reason, bytes) => {
    throw new NightjarError('internal', 'bench/archive', `${bytes} bytes dropped: ${reason}`);
  },
  gap: () => {},
  fragmentWrite: () => {},
  segmentCommit: () => {},
};

/** Records made-up footage into a folder with the real recorder, as fast as the disk takes it, by a clock turned by hand. */
export async function makeArchive(folder: string, options: ArchiveOptions): Promise<void> {
  const clock = new ManualClock(options.startMs);
  const volume = await Volume.open('main', folder, { adopt: 'empty' });
  const journal = await Journal.open(volume.journalDirectory, clock);
  const recorder = createRecorder({
    camera: options.camera,
    stream: 'main',
    chooseVolume: () => ({ volume, journal }),
    clock: new WallClock(clock),
    settings: {
      segmentMs: SEGMENT_MS,
      fragmentMs: 1_000,
      sync: 'none',
      queueBytes: QUEUE_BYTES,
    },
    log: quiet,
    metricsSink: whole,
  });
  recorder.tracks([
    { format: formatOf(FILLING_VIDEO, PAYLOAD_TYPE), control: 'trackID=0', direction: 'recvonly' },
  ]);
  await film(recorder, clock, options);
  await recorder.stop();
  await journal.close();
}

async function film(
  recorder: Recorder,
  clock: ManualClock,
  { seconds, bitsPerSecond, framesPerSecond, gopFrames }: ArchiveOptions,
): Promise<void> {
  const packetizer = createPacketizer(FILLING_VIDEO, {
    payloadType: PAYLOAD_TYPE,
    ssrc: 1,
    firstSequence: 0,
  });
  const share =
    ((bitsPerSecond / 8 / framesPerSecond) * gopFrames) / (KEYFRAME_WEIGHT + gopFrames - 1);
  const keyframe = picture(0x65, share * KEYFRAME_WEIGHT);
  const other = picture(0x41, share);
  for (let frame = 0; frame < seconds * framesPerSecond; frame++) {
    clock.advance(1_000 / framesPerSecond);
    const isKey = frame % gopFrames === 0;
    const ticks = Math.round((frame * VIDEO_CLOCK_HZ) / framesPerSecond);
    const packets = packetizer.packetize(
      { data: isKey ? keyframe : other, keyframe: isKey },
      ticks >>> 0,
    );
    recorder.batch(batchOf(packets, clock.monotonicMs()));
    if (recorder.queuedBytes > QUEUE_BYTES / 4) await recorder.idle();
  }
}

/** One length-prefixed slice of so many bytes that begins a picture (first_mb_in_slice = 0). */
function picture(header: number, bytes: number): Buffer {
  const unit = Buffer.alloc(Math.max(8, Math.round(bytes)), 0x55);
  unit.writeUInt32BE(unit.length - 4, 0);
  unit[4] = header;
  unit[5] = 0x88;
  return unit;
}

/** What a hub would publish for one read of the camera's socket. */
function batchOf(packets: readonly Buffer[], arrivalMs: PacketBatch['arrivalMs']): PacketBatch {
  const framed = packets.flatMap((packet) => {
    const head = Buffer.from([0x24, 0, 0, 0]);
    head.writeUInt16BE(packet.length, 2);
    return [head, packet];
  });
  const offsets = new Uint32Array(packets.length);
  let at = 0;
  packets.forEach((packet, index) => {
    offsets[index] = at + 4;
    at += 4 + packet.length;
  });
  return {
    bytes: Buffer.concat(framed),
    count: packets.length,
    offsets,
    lengths: Uint32Array.from(packets, (packet) => packet.length),
    tracks: new Uint8Array(packets.length),
    keyframeAt: -1,
    arrivalMs,
  };
}
