import { beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock, NightjarError } from '@nightjar/common';
import type { MountStream, PlayRequest } from '@nightjar/relay';
import { SimulatedCamera } from './camera.js';
import { fakeLoop } from './test-support/fake-loop.js';
import { RecordingOutput } from './test-support/recording-output.js';

const PLAY: PlayRequest = {
  range: undefined,
  scale: undefined,
  speed: undefined,
  rateControl: undefined,
  frames: undefined,
  immediate: false,
  cseq: 0,
  required: [],
};
const FRAME_MS = 40;

describe('SimulatedCamera', () => {
  let clock: ManualClock;
  let camera: SimulatedCamera;
  let random: number;

  beforeEach(() => {
    clock = new ManualClock();
    random = 0.5;
    const other = fakeLoop(98);
    camera = new SimulatedCamera({
      name: 'yard',
      loop: fakeLoop(),
      otherLoop: () => other,
      clock,
      random: () => random,
    });
  });

  async function play(): Promise<{
    output: RecordingOutput;
    stream: MountStream;
    rtpInfo: Awaited<ReturnType<MountStream['play']>>['rtpInfo'];
  }> {
    const output = new RecordingOutput();
    const stream = camera.open(output);
    const { rtpInfo } = await stream.play(PLAY);
    return { output, stream, rtpInfo };
  }

  it('sends whole pictures in real time under one SSRC, with sequence and timestamp as PLAY announced', async () => {
    const { output, rtpInfo } = await play();
    clock.advance(400);
    const video = output.take(0);
    expect(video).toHaveLength(22);
    const { seq, rtptime } = rtpInfo[0]!;
    video.forEach((packet, index) => {
      const picture = Math.floor(index / 2);
      expect(packet).toMatchObject({
        ssrc: 1000,
        payloadType: 96,
        sequence: (seq! + index) & 0xffff,
        timestamp: (rtptime! + picture * 3600) >>> 0,
        marker: index % 2 === 1,
        frame: index % 2 === 0 ? picture + 1 : undefined,
      });
    });
    expect(camera.status).toMatchObject({ sessions: 1, playing: 1, frames: 11, lost: 0 });
  });

  it('keeps pace over an hour', async () => {
    await play();
    clock.advance(3_600_000);
    expect(camera.status.frames).toBe(90_001);
  });

  it('reports its clock with the first picture and each 5 s', async () => {
    const { output } = await play();
    clock.advance(0);
    expect(output.reports.map(({ ssrc }) => ssrc)).toEqual([1000, 1001]);
    clock.advance(10_100);
    const video = output.reports.filter(({ ssrc }) => ssrc === 1000);
    expect(video).toHaveLength(3);
    const [first, second] = video;
    expect((second!.rtpTimestamp - first!.rtpTimestamp) >>> 0).toBe(5 * 90_000);
    expect(second!.ntpMs - first!.ntpMs).toBeCloseTo(5000, 0);
    expect(second!.packets).toBe(252);
  });

  it('films only while somebody plays, and begins each time with a keyframe', async () => {
    const { stream, output } = await play();
    clock.advance(2 * FRAME_MS);
    await stream.pause();
    clock.advance(1000);
    expect(camera.status.frames).toBe(3);
    const before = output.take(0).at(-1)!;
    const { rtpInfo } = await stream.play(PLAY);
    clock.advance(0);
    const [first] = output.take(0);
    expect(first).toMatchObject({ sequence: (before.sequence + 1) & 0xffff, frame: 4 });
    expect(first!.timestamp).toBe(rtpInfo[0]!.rtptime);
    expect((first!.timestamp - before.timestamp) >>> 0).toBe(90_000);
    stream.close();
    expect(camera.status).toMatchObject({ sessions: 0, playing: 0, totalSessions: 1 });
  });

  it('lets a second player in at the next keyframe, with the timestamps of the first', async () => {
    const first = await play();
    clock.advance(FRAME_MS);
    const second = await play();
    clock.advance(4 * FRAME_MS);
    expect(camera.status).toMatchObject({ sessions: 2, maxSessions: 2, totalSessions: 2 });
    const [late] = second.output.take(0);
    expect(late).toMatchObject({ frame: 5, timestamp: second.rtpInfo[0]!.rtptime });
    const shared = first.output.take(0).find(({ frame }) => frame === 5);
    expect(shared!.timestamp).toBe(late!.timestamp);
  });

  it('skips to a keyframe when a client was behind', async () => {
    const { output } = await play();
    clock.advance(0);
    output.behind = true;
    clock.advance(FRAME_MS);
    output.take(0);
    clock.advance(FRAME_MS);
    expect(output.take(0)).toEqual([]);
    await output.catchUp();
    clock.advance(3 * FRAME_MS);
    expect(output.take(0)[0]!.frame).toBe(5);
  });

  describe('faults', () => {
    it('loses packets, which the sequence numbers show', async () => {
      const { output } = await play();
      camera.inject({ loss: 0.1 });
      clock.advance(0);
      random = 0.05;
      clock.advance(FRAME_MS);
      random = 0.5;
      clock.advance(FRAME_MS);
      const sequences = output.take(0).map(({ sequence }) => sequence);
      expect((sequences[2]! - sequences[1]!) & 0xffff).toBe(3);
      expect(camera.status).toMatchObject({ faults: { loss: 0.1 } });
      expect(camera.status.lost).toBeGreaterThan(0);
    });

    it('stalls, then goes on with a keyframe in real time', async () => {
      const { output, rtpInfo } = await play();
      clock.advance(FRAME_MS);
      camera.inject({ stall: 3 });
      output.take(0);
      clock.advance(2990);
      expect(output.packets).toEqual([]);
      expect(camera.status).toMatchObject({ playing: 1 });
      expect(camera.status.faults.stall).toBeCloseTo(0.01);
      clock.advance(10);
      const [first] = output.take(0);
      expect((first!.timestamp - rtpInfo[0]!.rtptime!) >>> 0).toBe(3040 * 90);
      expect(camera.status.faults).toEqual({});
    });

    it('jumps its RTP timestamps, video and audio alike', async () => {
      const { output } = await play();
      clock.advance(FRAME_MS);
      const before = output.take(0).at(-1)!.timestamp;
      camera.inject({ timestampJump: -10 });
      clock.advance(FRAME_MS);
      expect((output.take(0)[0]!.timestamp - before) | 0).toBe(3600 - 900_000);
    });

    it('changes the clip at a keyframe without a gap, and its description', async () => {
      const { output } = await play();
      clock.advance(FRAME_MS);
      const before = output.take(0).at(-1)!;
      camera.inject({ resolution: 'other' });
      clock.advance(3 * FRAME_MS);
      const after = output.take(0);
      expect(after.map(({ payloadType }) => payloadType)).toEqual([96, 96, 96, 96, 98, 98]);
      expect((after[0]!.timestamp - before.timestamp) >>> 0).toBe(3600);
      expect((await camera.describe([])).sessionVersion).toBe(2);
      camera.clearFaults();
      expect((await camera.describe([])).sessionVersion).toBe(3);
    });

    it('is unreachable while it reboots, and another camera afterwards', async () => {
      const changes: string[] = [];
      camera.onReachability = () => changes.push(camera.reachability);
      const before = await camera.describe([]);
      const { stream, rtpInfo } = await play();
      camera.onReachability = () => {
        changes.push(camera.reachability);
        stream.close();
      };
      camera.inject({ reboot: 2 });
      expect(() => camera.assertReachable()).toThrow(NightjarError);
      clock.advance(2000);
      expect(changes).toEqual(['rebooting', 'up']);
      camera.assertReachable();
      expect((await camera.describe([])).sessionId).not.toBe(before.sessionId);
      const again = await play();
      clock.advance(0);
      expect(again.output.take(0)[0]!.frame).toBe(1);
      expect((again.rtpInfo[0]!.rtptime! - rtpInfo[0]!.rtptime!) >>> 0).not.toBe(2 * 90_000);
    });

    it('refuses until told otherwise', () => {
      camera.inject({ refuse: true });
      clock.advance(3_600_000);
      expect(camera.status).toMatchObject({ reachability: 'refusing', faults: { refuse: true } });
      camera.inject({ refuse: false });
      expect(camera.reachability).toBe('up');
    });

    it('says which transports it allows', () => {
      expect(camera.transports).toEqual({ tcp: true, udp: true });
      camera.inject({ transport: 'udp-only' });
      expect(camera.transports).toEqual({ tcp: false, udp: true });
    });
  });
});
