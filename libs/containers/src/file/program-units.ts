import type { FrameHeader } from './audio-frames.js';
import { DueClock } from './due-clock.js';
import { broken, type MediaFileUnit } from './media-file.js';

const START_CODE = Buffer.from([0, 0, 1]);
const MAX_PENDING_BYTES = 16 * 1024 * 1024;
/** Start codes of ISO/IEC 13818-2 table 6-1. */
const PICTURE = 0x00;
const SEQUENCE = 0xb3;
const GROUP = 0xb8;
const INTRA = 1;
/** Frames per second by `frame_rate_code`, ISO/IEC 13818-2 table 6-4. */
const FRAME_RATES = [0, 24_000 / 1001, 24, 25, 30_000 / 1001, 30, 50, 60_000 / 1001, 60];

/** Makes units of the payloads of one elementary stream. Times are milliseconds of the stream's clock. */
export interface UnitMaker {
  /** @param ptsMs of the first unit that begins in the payload */
  push(payload: Buffer, ptsMs: number | undefined): MediaFileUnit[];
  /** What is left at the end. */
  end(): MediaFileUnit[];
}

/** Bytes of a stream that wait for the rest of their unit, with the times that stand at places of them. */
class Pending {
  bytes: Buffer = Buffer.alloc(0);
  private times: { at: number; ptsMs: number }[] = [];

  append(payload: Buffer, ptsMs: number | undefined): void {
    if (this.bytes.length + payload.length > MAX_PENDING_BYTES)
      throw broken('a unit of the stream is too large', 0);
    if (ptsMs !== undefined) this.times.push({ at: this.bytes.length, ptsMs });
    this.bytes = Buffer.concat([this.bytes, payload]);
  }

  /** Takes the first bytes; what the caller holds of them stays good. */
  drop(bytes: number): void {
    this.bytes = this.bytes.subarray(bytes);
    this.times = this.times.map(({ at, ptsMs }) => ({ at: at - bytes, ptsMs }));
  }

  /** The time that stands last at or before a place, once. */
  timeAt(place: number): number | undefined {
    const standing = this.times.filter(({ at }) => at <= place);
    this.times = this.times.filter(({ at }) => at > place);
    return standing.at(-1)?.ptsMs;
  }
}

/** Pictures of MPEG-1 and MPEG-2 video, each with the headers before it. */
export class PictureMaker implements UnitMaker {
  private readonly pending = new Pending();
  private readonly due = new DueClock();
  private searched = 0;
  /** Where the picture start code of the unit under way is. */
  private picture: number | undefined;
  private frameMs = 40;
  /** Time of the picture with temporal reference 0. */
  private baseMs: number | undefined;
  private highest = 0;

  constructor(private readonly track: number) {}

  push(payload: Buffer, ptsMs: number | undefined): MediaFileUnit[] {
    const { pending } = this;
    pending.append(payload, ptsMs);
    const units: MediaFileUnit[] = [];
    for (;;) {
      const at = pending.bytes.indexOf(START_CODE, this.searched);
      if (at < 0 || at + 4 > pending.bytes.length) {
        this.searched = at < 0 ? Math.max(0, pending.bytes.length - 2) : at;
        return units;
      }
      this.searched = at + 3;
      const code = pending.bytes[at + 3]!;
      const begins = code === PICTURE || code === SEQUENCE || code === GROUP;
      if (this.picture !== undefined && begins) {
        units.push(...this.cut(at));
        this.searched = 3;
      }
      if (code === PICTURE) this.picture ??= this.searched - 3;
    }
  }

  end(): MediaFileUnit[] {
    return this.picture === undefined ? [] : this.cut(this.pending.bytes.length);
  }

  private cut(end: number): MediaFileUnit[] {
    const { pending, picture = 0 } = this;
    this.picture = undefined;
    const data = pending.bytes.subarray(0, end);
    const ptsMs = pending.timeAt(picture);
    pending.drop(end);
    const bits = data.length >= picture + 6 ? data.readUInt16BE(picture + 4) : 0;
    const reference = bits >> 6;
    const keyframe = ((bits >> 3) & 7) === INTRA;
    this.readHeaders(data, picture);
    if (ptsMs !== undefined) this.baseMs = ptsMs - reference * this.frameMs;
    this.highest = Math.max(this.highest, reference);
    // Play begins with a picture whose time is known, and that needs no other.
    if (this.baseMs === undefined) return [];
    const timeMs = this.baseMs + reference * this.frameMs;
    return [
      { track: this.track, data, keyframe, timeMs, dueMs: this.due.next(timeMs, this.frameMs) },
    ];
  }

  private readHeaders(data: Buffer, picture: number): void {
    for (let at = data.indexOf(START_CODE); at >= 0 && at < picture;) {
      const code = data[at + 3];
      const rate = code === SEQUENCE ? FRAME_RATES[(data[at + 7] ?? 0) & 0x0f] : undefined;
      if (rate !== undefined && rate > 0) this.frameMs = 1000 / rate;
      if (code === GROUP) {
        // Temporal references begin anew behind a group of pictures.
        if (this.baseMs !== undefined) this.baseMs += (this.highest + 1) * this.frameMs;
        this.highest = 0;
      }
      at = data.indexOf(START_CODE, at + 3);
    }
  }
}

/** Frames of sound. */
export class FrameMaker implements UnitMaker {
  private readonly pending = new Pending();
  private timeMs: number | undefined;

  constructor(
    private readonly track: number,
    private readonly header: FrameHeader,
  ) {}

  push(payload: Buffer, ptsMs: number | undefined): MediaFileUnit[] {
    const { pending, header, track } = this;
    pending.append(payload, ptsMs);
    const units: MediaFileUnit[] = [];
    let at = 0;
    while (at + header.bytes <= pending.bytes.length) {
      const frame = header.read(pending.bytes.subarray(at, at + header.bytes));
      if (frame === undefined) {
        at += 1;
        continue;
      }
      if (at + frame.bytes > pending.bytes.length) break;
      this.timeMs = pending.timeAt(at) ?? this.timeMs;
      const data = pending.bytes.subarray(at + frame.skip, at + frame.bytes);
      at += frame.bytes;
      if (this.timeMs === undefined) continue;
      units.push({ track, data, keyframe: true, timeMs: this.timeMs, dueMs: this.timeMs });
      this.timeMs += (frame.samples / frame.sampleRateHz) * 1000;
    }
    pending.drop(at);
    return units;
  }

  end(): MediaFileUnit[] {
    return [];
  }
}
