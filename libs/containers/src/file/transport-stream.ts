import type { SentConfig } from '@nightjar/rtp';
import { ByteWindow } from './byte-window.js';
import { firstStamp, lastStamp, stampBefore, type Stamp } from './clocked-bytes.js';
import {
  broken,
  unsupported,
  type FileBytes,
  type MediaFile,
  type MediaFileUnit,
} from './media-file.js';

const PACKET_BYTES = 188;
const SYNC = 0x47;
/** Packets that go together: what fits into one datagram (RFC 2250 s.2). */
const GROUP_PACKETS = 7;
/** Sync bytes that must be in place for a start. */
const SURE_PACKETS = 4;
const MAX_SYNC_SEARCH_BYTES = 64 * 1024;
/** Base of a program clock reference, ISO/IEC 13818-1 s.2.4.2.1. */
const CLOCK_PER_MS = 90;
const CLOCK_RANGE = 2 ** 33;
/** Clock references are no further apart (ISO/IEC 13818-1 s.2.7.2: 100 ms); a larger step is a break in the stream. */
const MAX_STEP_MS = 1_000;
/** What is looked through to the next clock reference. */
const MAX_GAP_BYTES = 8 * 1024 * 1024;

/** An MPEG transport stream, sent as it is at the speed of its clock references. */
export class TransportStreamFile implements MediaFile {
  readonly tracks: readonly SentConfig[] = [{ codec: 'mp2t' }];

  private constructor(
    private readonly source: FileBytes,
    private readonly startsAt: number,
    private readonly clock: ClockReferences,
    private readonly first: Stamp,
    readonly durationMs: number | undefined,
  ) {}

  /** @throws NightjarError 415 when it is none, or has no clock */
  static async open(source: FileBytes): Promise<TransportStreamFile> {
    const window = new ByteWindow(source);
    const startsAt = syncIn(await window.view(0, MAX_SYNC_SEARCH_BYTES));
    if (startsAt === undefined) throw unsupported('the file is no MPEG transport stream');
    const pid = await clockPid(source, startsAt);
    if (pid === undefined) throw unsupported('the transport stream has no clock');
    const clock = new ClockReferences(pid, startsAt);
    const first = await firstStamp(source, startsAt, clock.first);
    const last = await lastStamp(source, clock.last);
    if (first === undefined) throw unsupported('the transport stream has no clock');
    // A clock that was set anew on the way does not tell how long the stream is.
    const forwardMs = last === undefined ? 0 : wrapped(last.ms - first.ms);
    const plausible = forwardMs > 0 && forwardMs < WRAP_MS / 2;
    return new TransportStreamFile(
      source,
      startsAt,
      clock,
      first,
      plausible ? forwardMs : undefined,
    );
  }

  get seekable(): boolean {
    return this.durationMs !== undefined;
  }

  async startAt(timeMs: number): Promise<number> {
    const stamp = await this.stampAt(timeMs);
    return stamp === undefined ? 0 : wrapped(stamp.ms - this.first.ms);
  }

  async *units(fromMs: number): AsyncGenerator<MediaFileUnit> {
    const window = new ByteWindow(this.source);
    const stamp = await this.stampAt(fromMs);
    let at = stamp === undefined ? this.startsAt : stamp.offset;
    let ms = stamp === undefined ? 0 : wrapped(stamp.ms - this.first.ms);
    let clockMs = (stamp ?? this.first).ms;
    let rate = 0;
    while (at < this.source.sizeBytes) {
      const next = await this.clock.next(window, at + PACKET_BYTES);
      const end = next?.offset ?? this.endOfPackets(at);
      if (next !== undefined) {
        const stepMs = wrapped(next.ms - clockMs);
        // Where the clock jumps, play goes on at the speed it had.
        const goesOn = stepMs > 0 && stepMs <= MAX_STEP_MS;
        rate = goesOn || rate === 0 ? Math.min(stepMs, MAX_STEP_MS) / (end - at) : rate;
        clockMs = next.ms;
      }
      const from = at;
      const beganMs = ms;
      for (; at < end; at += GROUP_PACKETS * PACKET_BYTES) {
        const bytes = Math.min(GROUP_PACKETS * PACKET_BYTES, end - at);
        const data = await window.view(at, bytes);
        const timeMs = beganMs + (at - from) * rate;
        yield { track: 0, data, keyframe: true, timeMs, dueMs: timeMs };
      }
      ms = beganMs + (end - from) * rate;
      at = end;
      if (next === undefined) return;
    }
  }

  close(): void {
    // Nothing is kept.
  }

  private async stampAt(timeMs: number): Promise<Stamp | undefined> {
    if (timeMs <= 0 || !this.seekable) return undefined;
    const { first } = this;
    const relative =
      (find: typeof this.clock.first): typeof find =>
      (bytes, start) => {
        const stamp = find(bytes, start);
        return stamp && { offset: stamp.offset, ms: wrapped(stamp.ms - first.ms) };
      };
    const found = await stampBefore(this.source, timeMs, relative(this.clock.first));
    return found && { offset: found.offset, ms: found.ms + first.ms };
  }

  private endOfPackets(at: number): number {
    const packets = Math.floor((this.source.sizeBytes - at) / PACKET_BYTES);
    return packets === 0 ? this.source.sizeBytes : at + packets * PACKET_BYTES;
  }
}

const WRAP_MS = CLOCK_RANGE / CLOCK_PER_MS;

function wrapped(ms: number): number {
  return ((ms % WRAP_MS) + WRAP_MS) % WRAP_MS;
}

/** Where packets begin. */
function syncIn(bytes: Buffer): number | undefined {
  for (let at = 0; at < Math.min(bytes.length, PACKET_BYTES * SURE_PACKETS); at += 1) {
    let packets = 0;
    while (bytes[at + packets * PACKET_BYTES] === SYNC && packets < SURE_PACKETS) packets += 1;
    const whole = at + packets * PACKET_BYTES >= bytes.length;
    if (packets === SURE_PACKETS || (packets > 0 && whole)) return at;
  }
  return undefined;
}

/** The stream whose packets carry the first clock reference. */
async function clockPid(source: FileBytes, startsAt: number): Promise<number | undefined> {
  const window = new ByteWindow(source);
  const end = Math.min(source.sizeBytes, startsAt + MAX_GAP_BYTES);
  for (let at = startsAt; at + PACKET_BYTES <= end; at += PACKET_BYTES) {
    const packet = await window.view(at, PACKET_BYTES);
    if (clockOf(packet, 0) !== undefined) return pidOf(packet, 0);
  }
  return undefined;
}

/** Clock references of one stream, found in bytes of the file. */
class ClockReferences {
  constructor(
    private readonly pid: number,
    private readonly startsAt: number,
  ) {}

  readonly first = (bytes: Buffer, start: number): Stamp | undefined => {
    for (let at = this.aligned(start); at + PACKET_BYTES <= bytes.length; at += PACKET_BYTES) {
      const ms = this.read(bytes, at);
      if (ms !== undefined) return { offset: start + at, ms };
    }
    return undefined;
  };

  readonly last = (bytes: Buffer, start: number): Stamp | undefined => {
    let found: Stamp | undefined;
    for (let at = this.aligned(start); at + PACKET_BYTES <= bytes.length; at += PACKET_BYTES) {
      const ms = this.read(bytes, at);
      if (ms !== undefined) found = { offset: start + at, ms };
    }
    return found;
  };

  /** The first one in packets from an offset on. @throws NightjarError `data-loss` where packets end or are without one for long */
  async next(window: ByteWindow, from: number): Promise<Stamp | undefined> {
    for (let at = from; at + PACKET_BYTES <= window.sizeBytes; at += PACKET_BYTES) {
      const packet = await window.view(at, PACKET_BYTES);
      if (packet[0] !== SYNC) throw broken('a transport packet does not begin where it should', at);
      const ms = this.read(packet, 0);
      if (ms !== undefined) return { offset: at, ms };
      if (at - from > MAX_GAP_BYTES) throw broken('the transport stream has lost its clock', at);
    }
    return undefined;
  }

  private read(bytes: Buffer, at: number): number | undefined {
    return pidOf(bytes, at) === this.pid ? clockOf(bytes, at) : undefined;
  }

  /** Offset in the bytes of the first whole packet. */
  private aligned(start: number): number {
    const past = (start - this.startsAt) % PACKET_BYTES;
    return start < this.startsAt ? this.startsAt - start : (PACKET_BYTES - past) % PACKET_BYTES;
  }
}

function pidOf(bytes: Buffer, at: number): number {
  return ((bytes[at + 1]! & 0x1f) << 8) | bytes[at + 2]!;
}

/** Milliseconds of the program clock reference in the adaptation field (ISO/IEC 13818-1 s.2.4.3.4), if there is one. */
function clockOf(bytes: Buffer, at: number): number | undefined {
  const hasField = bytes[at] === SYNC && (bytes[at + 3]! & 0x20) !== 0;
  if (!hasField || bytes[at + 4]! < 7 || (bytes[at + 5]! & 0x10) === 0) return undefined;
  const base = bytes.readUInt32BE(at + 6) * 2 + (bytes[at + 10]! >> 7);
  return base / CLOCK_PER_MS;
}
