import { beforeEach, describe, expect, it } from '@jest/globals';
import type { PlayRequest } from '@nightjar/relay';
import { decodeRtcp } from '@nightjar/rtp';
import { Scene, UNIT_MS } from './testing/scene.js';

const SEGMENTS = [
  { startMs: 10_000, endMs: 12_000 },
  { startMs: 12_000, endMs: 13_000 },
  { startMs: 20_000, endMs: 22_000 },
];

describe('a playback stream', () => {
  let scene: Scene;

  beforeEach(() => {
    scene = new Scene(SEGMENTS);
  });

  const play = (
    range?: PlayRequest['range'],
    rateControl: 'yes' | 'no' = 'yes',
  ): ReturnType<Scene['play']> => scene.play({ range, rateControl });
  const turn = (): Promise<void> => scene.turn();
  const pass = (ms: number): Promise<void> => scene.pass(ms);
  const units = (): number[] => scene.units();
  /** All units of the footage. */
  const everything = [
    ...Array.from({ length: 150 }, (_, i) => 500 + i),
    ...Array.from({ length: 100 }, (_, i) => 1000 + i),
  ];

  it('plays at its own pace, over a hole, to a goodbye', async () => {
    const answer = await play();
    expect(answer.range).toBe('npt=0.000-5.000');
    await pass(1000);
    expect(scene.sent.length).toBeGreaterThan(48);
    expect(scene.sent.length).toBeLessThan(53);
    await pass(5000);
    expect(units()).toEqual(everything);
    expect(
      scene.sent.every(
        ({ timestamp }, i) => i === 0 || (timestamp - scene.sent[i - 1]!.timestamp) >>> 0 === 160,
      ),
    ).toBe(true);
    expect([scene.ended, scene.errors]).toEqual([1, []]);
  });

  it('tells in RTP-Info what it sends first', async () => {
    const { rtpInfo } = await play({ unit: 'npt', start: 1.5, end: undefined });
    await turn();
    expect(units()).toEqual([550]);
    expect(rtpInfo[0]).toMatchObject({
      track: 0,
      seq: scene.sent[0]!.sequence,
      rtptime: scene.sent[0]!.timestamp,
    });
  });

  it('answers a clock range with the keyframe before it, and one in a hole with what follows', async () => {
    expect((await play({ unit: 'clock', start: 12_700, end: undefined })).range).toContain(
      'clock=19700101T000012',
    );
    expect((await play({ unit: 'clock', start: 15_000, end: undefined })).range).toContain(
      'clock=19700101T000020',
    );
  });

  it.each([
    ['scene.behind the end', { unit: 'npt', start: 5, end: undefined }],
    ['before the beginning', { unit: 'npt', start: -1, end: undefined }],
    ['after the last footage', { unit: 'clock', start: 22_000, end: undefined }],
  ] as const)('refuses a range %s and plays on', async (_, range) => {
    await play();
    await expect(play(range)).rejects.toMatchObject({ where: { status: 457 } });
    await pass(500);
    expect(scene.sent.length).toBeGreaterThan(3);
  });

  it('stops at PAUSE and goes on with the next unit at PLAY', async () => {
    await play();
    await pass(500);
    await scene.stream.pause();
    await turn();
    const before = units();
    await pass(5_000);
    expect(units()).toEqual(before);
    await play();
    await pass(500);
    expect(units()).toEqual(Array.from({ length: scene.sent.length }, (_, i) => 500 + i));
    expect(scene.sent.length).toBeGreaterThan(before.length);
  });

  it('seeks while it plays, with one numbering and rising timestamps', async () => {
    await play();
    await pass(500);
    const before = scene.sent.length;
    await play({ unit: 'npt', start: 4, end: undefined });
    await pass(300);
    await play({ unit: 'npt', start: 0, end: undefined });
    await pass(300);
    expect([scene.sent[before]!.unit, units().lastIndexOf(500) > before]).toEqual([1050, true]);
    for (let i = 1; i < scene.sent.length; i++) {
      expect((scene.sent[i]!.sequence - scene.sent[i - 1]!.sequence) & 0xffff).toBe(1);
      expect((scene.sent[i]!.timestamp - scene.sent[i - 1]!.timestamp) | 0).toBeGreaterThan(0);
    }
  });

  it('ends where the range ends', async () => {
    expect((await play({ unit: 'npt', start: 0, end: 0.5 })).range).toBe('npt=0.000-0.500');
    await pass(5000);
    expect(units()).toEqual(Array.from({ length: 25 }, (_, i) => 500 + i));
    expect(scene.ended).toBe(1);
    await expect(play({ unit: 'npt', start: 2, end: 1 })).rejects.toMatchObject({
      where: { status: 457 },
    });
  });

  it('sends nothing of the old place once it was told to seek', async () => {
    await play();
    await pass(500);
    const before = scene.sent.length;
    const seeking = play({ unit: 'npt', start: 4, end: undefined });
    scene.clock.advance(UNIT_MS);
    await turn();
    await seeking;
    await pass(100);
    expect(scene.sent[before]!.unit).toBe(1050);
  });

  it('waits for a client that is behind', async () => {
    scene.behind = true;
    await play();
    await pass(2000);
    expect(scene.sent.length).toBe(1);
    scene.behind = false;
    scene.drain();
    await pass(200);
    expect(scene.sent.length).toBeGreaterThan(2);
  });

  it('passes over segments that were deleted meanwhile', async () => {
    scene.missing.add(12_000);
    await play({ unit: 'npt', start: 1, end: undefined });
    await pass(4000);
    expect(units()).not.toContain(610);
    expect([units().includes(1000), scene.ended]).toEqual([true, 1]);
  });

  it('scene.reports the time of the recording, not of today', async () => {
    await play();
    await turn();
    const [report] = decodeRtcp(scene.reports[0]!, 0, scene.reports[0]!.length);
    expect(report!.type === 'sr' && Math.round(report!.ntpMs)).toBe(10_000);
  });

  it('reports the present to a client of ONVIF, and nothing at other scales to others', async () => {
    await scene.play({ required: ['onvif-replay'] });
    await pass(UNIT_MS * 2);
    const [report] = decodeRtcp(scene.reports[0]!, 0, scene.reports[0]!.length);
    const agoMs = scene.clock.wallMs() - (report!.type === 'sr' ? report!.ntpMs : 0);
    expect(agoMs).toBeLessThanOrEqual(UNIT_MS * 3);
    const other = new Scene(SEGMENTS);
    await other.play({ scale: 2 });
    await other.pass(500);
    expect([other.reports, other.sent.length > 0]).toEqual([[], true]);
  });

  it('goes on after PAUSE with the timestamp that it tells', async () => {
    await play();
    await pass(500);
    await scene.stream.pause();
    const { rtpInfo } = await play();
    expect(rtpInfo[0]).toMatchObject({
      seq: (scene.sent.at(-1)!.sequence + 1) & 0xffff,
      rtptime: scene.sent.at(-1)!.timestamp,
    });
  });

  describe('without rate control', () => {
    it('sends the same units with the same timestamps, and does not wait for their time', async () => {
      const answer = await play(undefined, 'no');
      expect(answer).toMatchObject({ rateControl: 'no', range: 'npt=0.000-5.000' });
      await turn();
      expect([units(), scene.ended, scene.errors]).toEqual([everything, 1, []]);
      const steps = scene.sent
        .slice(1)
        .map(({ timestamp }, i) => (timestamp - scene.sent[i]!.timestamp) >>> 0);
      expect(new Set(steps)).toEqual(new Set([160]));
      expect(scene.reports).toEqual([]);
    });

    it('does a bounded piece of work at a time', async () => {
      scene.unitBytes = 1200;
      await play(undefined, 'no');
      await turn();
      expect([units(), scene.ended]).toEqual([everything, 1]);
      expect(scene.flushed.length).toBeGreaterThan(3);
      expect(Math.max(...scene.flushed)).toBeLessThan(1.1 * 64 * 1024);
    });

    it('reads no further than the client takes', async () => {
      scene.unitBytes = 1200;
      scene.behind = true;
      await play(undefined, 'no');
      await turn();
      const [packets, flushes] = [scene.sent.length, scene.flushed.length];
      await pass(1000);
      expect([scene.sent.length, scene.flushed.length]).toEqual([packets, flushes]);
      scene.drain();
      await turn();
      expect(scene.flushed.length).toBe(flushes + 1);
      scene.behind = false;
      scene.drain();
      await turn();
      expect([units(), scene.ended]).toEqual([everything, 1]);
    });

    it('sends nothing of the old place once it was told to seek', async () => {
      scene.unitBytes = 1200;
      scene.behind = true;
      await play(undefined, 'no');
      await turn();
      const before = units().length;
      const packets = scene.sent.length;
      scene.behind = false;
      const seeking = play({ unit: 'npt', start: 4, end: undefined }, 'no');
      await turn();
      scene.drain();
      const { rtpInfo } = await seeking;
      await turn();
      expect(units().slice(before)).toEqual(Array.from({ length: 50 }, (_, i) => 1050 + i));
      expect(rtpInfo[0]).toMatchObject({
        seq: scene.sent[packets]!.sequence,
        rtptime: scene.sent[packets]!.timestamp,
      });
    });

    it('pauses, and goes on at another pace', async () => {
      scene.unitBytes = 1200;
      scene.behind = true;
      await play(undefined, 'no');
      await turn();
      await scene.stream.pause();
      scene.behind = false;
      scene.drain();
      await turn();
      const before = units().length;
      expect((await play()).rateControl).toBe('yes');
      await pass(200);
      // What was collected already goes out at once.
      expect(units().length - before).toBeLessThan(80);
      expect((await play(undefined, 'no')).rateControl).toBe('no');
      await turn();
      expect([units(), scene.ended]).toEqual([everything, 1]);
    });

    it('keeps to real time over UDP, which has no flow control, and says so', async () => {
      scene.transport = 'udp';
      expect((await play(undefined, 'no')).rateControl).toBe('yes');
      await pass(1000);
      expect(scene.sent.length).toBeLessThan(53);
    });
  });

  it('sends nothing after it was closed', async () => {
    await play();
    await pass(300);
    scene.stream.close();
    await turn();
    const count = scene.sent.length;
    await pass(3000);
    expect([scene.sent.length, scene.ended]).toEqual([count, 0]);
  });
});
