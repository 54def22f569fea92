import type { Socket } from 'node:net';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { RtspStreamParser } from '@nightjar/rtsp';
import { payloadRange, sequenceOf, startsKeyframe, timestampOf } from '@nightjar/rtp';
import { Camera } from './camera.js';
import { makeFootage } from './footage.js';

/** A viewer's connection: keeps what was written, as it is, until it is read. */
class Viewer {
  readonly sequences: number[] = [];
  readonly keyframes = new Set<number>();
  readonly frames = new Set<number>();
  reports = 0;
  private waiting: Buffer[] = [];
  private readonly parser = new RtspStreamParser({
    message: () => undefined,
    interleaved: (channel, buf, offset, length) => {
      if (channel === 1) {
        this.reports++;
        return;
      }
      this.sequences.push(sequenceOf(buf, offset));
      this.frames.add(timestampOf(buf, offset));
      const { start, end } = payloadRange(buf, offset, length);
      if (startsKeyframe('h264', buf, start, end)) this.keyframes.add(timestampOf(buf, offset));
    },
  });

  get socket(): Socket {
    return this as unknown as Socket;
  }

  get writableLength(): number {
    return this.waiting.reduce((sum, { length }) => sum + length, 0);
  }

  write(bytes: Buffer): void {
    this.waiting.push(bytes);
  }

  read(): void {
    for (const bytes of this.waiting) this.parser.push(bytes);
    this.waiting = [];
  }

  expectGapless(): void {
    const steps = this.sequences.slice(1).map((n, i) => (n - this.sequences[i]!) & 0xffff);
    expect(new Set(steps)).toEqual(new Set([1]));
  }
}

describe('a camera', () => {
  let camera: Camera;

  beforeEach(() => {
    camera = new Camera('cam0', makeFootage(1_000_000, 2), 0.5);
  });

  function film(viewers: readonly Viewer[], fromMs: number, toMs: number): void {
    for (let nowMs = fromMs; nowMs <= toMs; nowMs += 2) {
      camera.film(nowMs);
      for (const viewer of viewers) viewer.read();
    }
  }

  it('films only while somebody watches, and begins with a keyframe at once', () => {
    expect(camera.dueMs).toBe(Infinity);
    const viewer = new Viewer();
    camera.play(viewer.socket, 999);
    expect(camera.dueMs).toBe(1000);
    film([viewer], 1000, 1000);
    expect([viewer.keyframes.size, viewer.reports]).toEqual([1, 1]);
    camera.leave(viewer.socket);
    expect(camera.dueMs).toBe(Infinity);
  });

  it('falls into its own phase after the first keyframe', () => {
    const viewer = new Viewer();
    camera.play(viewer.socket, 0);
    film([viewer], 0, 19);
    expect(viewer.frames.size).toBe(1);
    film([viewer], 20, 20);
    expect(viewer.frames.size).toBe(2);
    // Half a GOP on: the second keyframe comes after about a second, the others every two.
    film([viewer], 22, 900);
    expect(viewer.keyframes.size).toBe(1);
    film([viewer], 902, 5_100);
    expect(viewer.keyframes.size).toBe(4);
    viewer.expectGapless();
  });

  it('lets those that come later begin at the next keyframe, with the same packets', () => {
    const [first, second] = [new Viewer(), new Viewer()];
    camera.play(first.socket, 0);
    film([first], 0, 500);
    camera.play(second.socket, 500);
    film([first, second], 502, 900);
    expect(second.sequences).toEqual([]);
    film([first, second], 902, 3_100);
    expect(second.keyframes.size).toBe(2);
    second.expectGapless();
    expect(first.sequences.slice(-second.sequences.length)).toEqual(second.sequences);
  });

  it('leaves out frames for those that do not read, until they do and a keyframe comes', () => {
    const [slow, quick] = [new Viewer(), new Viewer()];
    camera.play(slow.socket, 0);
    camera.play(quick.socket, 0);
    film([quick], 0, 600);
    film([slow, quick], 602, 1_000);
    film([quick], 1_002, 20_000);
    // What waited is what was sent at its time.
    slow.read();
    slow.expectGapless();
    const before = slow.sequences.length;
    expect(before).toBeLessThan(quick.sequences.length / 2);
    film([slow, quick], 20_002, 24_000);
    expect(slow.sequences.length).toBeGreaterThan(before);
    quick.expectGapless();
  });
});
