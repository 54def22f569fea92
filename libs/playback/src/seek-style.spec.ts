import { beforeEach, describe, expect, it } from '@jest/globals';
import type { StreamNotice } from '@nightjar/relay';
import { firstOf } from './pass.js';
import { Scene, UNIT_MS } from './testing/scene.js';
import { styled } from './seek-style.js';

/** A keyframe every second, a unit every 20 ms; a hole from 13 to 20 s. */
const SEGMENTS = [
  { startMs: 10_000, endMs: 13_000 },
  { startMs: 20_000, endMs: 22_000 },
];

const at = (start: number) => ({ unit: 'npt', start, end: undefined }) as const;

describe('Seek-Style', () => {
  let scene: Scene;

  beforeEach(() => {
    scene = new Scene(SEGMENTS);
  });

  /** Wall time of what came first, ms. */
  async function first(): Promise<number> {
    await scene.turn();
    return scene.sent[0]!.unit * UNIT_MS;
  }

  it.each([
    ['RAP', 1.51, 11_000, '1.000'],
    ['First-Prior', 1.51, 11_500, '1.500'],
    ['Next', 1.51, 11_520, '1.520'],
    ['First-Prior', 1.52, 11_520, '1.520'],
    ['Next', 1.52, 11_520, '1.520'],
    // Across the hole there is nothing before what comes behind it.
    ['First-Prior', 3.2, 20_200, '3.200'],
  ] as const)('%s begins for %s s with the unit that it means, and says so', async (...row) => {
    const [seekStyle, start, wallMs, told] = row;
    const notices: StreamNotice[] = [];
    scene.notify = (notice) => notices.push(notice);
    const answer = await scene.play({ range: at(start), seekStyle });
    expect([answer.range, answer.seekStyle]).toEqual([`npt=${told}-5.000`, seekStyle]);
    expect(await first()).toBe(wallMs);
    const [{ sequence, timestamp }] = scene.sent as [(typeof scene.sent)[number]];
    expect(answer.rtpInfo[0]).toMatchObject({ seq: sequence, rtptime: timestamp });
    await scene.pass(6_000);
    expect([scene.ended, scene.errors, scene.openFiles]).toEqual([1, [], 0]);
    const range = expect.stringMatching(`^npt=${told}-`);
    expect(notices).toMatchObject([{ kind: 'end-of-stream', range }]);
  });

  it('CoRAP goes on from where play was paused when no keyframe lies between', async () => {
    await scene.play({ range: at(0) });
    await scene.pass(1_500);
    await scene.stream.pause();
    const reached = scene.sent.at(-1)!.unit;
    const answer = await scene.play({ range: at(1.9), seekStyle: 'CoRAP' });
    expect(answer.seekStyle).toBe('CoRAP');
    await scene.pass(100);
    expect(scene.units()).toEqual(scene.units().map((_, i) => 500 + i));
    expect(scene.sent.at(-1)!.unit).toBeGreaterThan(reached);
  });

  it.each([
    ['a keyframe lies between', 2.5, 12_000],
    ['it is to go back', 1.2, 11_000],
  ])('CoRAP begins with a keyframe when %s', async (_what, start, wallMs) => {
    await scene.play({ range: at(0) });
    await scene.pass(1_500);
    await scene.stream.pause();
    const before = scene.sent.length;
    await scene.play({ range: at(start), seekStyle: 'CoRAP' });
    await scene.pass(100);
    expect(scene.sent[before]!.unit * UNIT_MS).toBe(wallMs);
    expect(scene.errors).toEqual([]);
  });

  it('backwards is a matter of keyframes, whatever is asked for', async () => {
    const answer = await scene.play({ range: at(2), scale: -1, seekStyle: 'Next' });
    expect(answer.seekStyle).toBeUndefined();
  });

  it('ends where the footage ends when there is no next unit', async () => {
    const course = { fromMs: 21_000, endMs: undefined };
    const { footage } = scene;
    const found = await styled(footage, course, 21_999, 'Next');
    expect(firstOf(found)).toBe(21_980);
    expect(scene.openFiles).toBe(0);
  });
});
