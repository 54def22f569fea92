import { randomInt } from 'node:crypto';
import type { Socket } from 'node:net';
import { encodeSenderReport, rewriteHeader } from '@nightjar/rtp';
import { writeFrameStamp } from '../../../camsim/src/frame-stamp.js';
import { FRAMES_PER_SECOND, VIDEO_CLOCK_HZ, type WireFrame } from './footage.js';

const FRAME_MS = 1000 / FRAMES_PER_SECOND;
/** Frames of all cameras fall on this grid, so that one wake-up of the process serves many. */
const GRID_MS = 2;
const REPORT_FRAMES = 5 * FRAMES_PER_SECOND;
/** Who is so far behind loses frames, until a keyframe finds it less behind. */
const MAX_QUEUED_BYTES = 1024 * 1024;
const FRAME_HEADER = [0x24, 1];

/**
 * One camera. It films while somebody watches, from a keyframe on; a session that joins later begins at the next keyframe.
 * All sessions get the same packets with the same numbers: a frame is prepared once and written once per session.
 */
export class Camera {
  /** When the next frame is due, monotonic ms; Infinity while nobody watches. */
  dueMs = Infinity;
  private readonly sessions = new Map<Socket, { playing: boolean }>();
  private readonly ssrc = randomInt(2 ** 32);
  private sequence = randomInt(2 ** 16);
  private timestamp = randomInt(2 ** 32);
  private frame = 0;
  /** Place of the next frame in the footage. */
  private place = 0;
  private packets = 0;
  private octets = 0;

  constructor(
    readonly name: string,
    private readonly footage: readonly WireFrame[],
    /** Above 0, below 1: where it stands between two frames and between two keyframes, beside cameras that start at the same time. */
    private readonly phase: number,
  ) {}

  play(socket: Socket, nowMs: number): void {
    this.sessions.set(socket, { playing: false });
    if (this.dueMs !== Infinity) return;
    this.frame = 0;
    this.place = 0;
    this.dueMs = Math.ceil(nowMs / GRID_MS) * GRID_MS;
  }

  leave(socket: Socket): void {
    this.sessions.delete(socket);
    if (this.sessions.size === 0) this.dueMs = Infinity;
  }

  /** Sends all frames that are due. */
  film(nowMs: number): void {
    while (this.dueMs <= nowMs) {
      this.send(this.footage[this.place]!);
      if (this.frame % REPORT_FRAMES === 0) this.report();
      // The first frame is a keyframe and comes at once; then the camera falls into its own phase.
      const first = this.frame === 0;
      const ms = first ? Math.ceil((FRAME_MS * this.phase) / GRID_MS) * GRID_MS : FRAME_MS;
      this.place = first ? this.placeOfPhase() : (this.place + 1) % this.footage.length;
      this.frame++;
      this.timestamp = (this.timestamp + (ms * VIDEO_CLOCK_HZ) / 1000) >>> 0;
      this.dueMs += ms;
    }
  }

  /** The first GOP is cut to what brings the camera into its phase. */
  private placeOfPhase(): number {
    const { length } = this.footage;
    return Math.max(1, Math.floor(this.phase * length));
  }

  private send(frame: WireFrame): void {
    const { packets, keyframe, stamp } = frame;
    // A copy: viewers that are behind hold it for as long as they like.
    const bytes = Buffer.from(frame.bytes);
    for (const packet of packets) {
      rewriteHeader(bytes, packet, this.ssrc, this.sequence, this.timestamp);
      this.sequence = (this.sequence + 1) & 0xffff;
    }
    this.packets += packets.length;
    this.octets += frame.payloadBytes;
    writeFrameStamp(bytes, stamp, { frame: this.frame, sentNs: process.hrtime.bigint() });
    for (const [socket, session] of this.sessions) {
      if (socket.writableLength > MAX_QUEUED_BYTES) session.playing = false;
      else if (keyframe) session.playing = true;
      if (session.playing) socket.write(bytes);
    }
  }

  private report(): void {
    const report = encodeSenderReport({
      ssrc: this.ssrc,
      wallMs: Date.now(),
      rtpTimestamp: this.timestamp,
      packets: this.packets >>> 0,
      octets: this.octets >>> 0,
      cname: this.name,
    });
    const header = Buffer.from([...FRAME_HEADER, report.length >> 8, report.length & 0xff]);
    const bytes = Buffer.concat([header, report]);
    for (const [socket, { playing }] of this.sessions) if (playing) socket.write(bytes);
  }
}
