import type { Bench, Cameras } from '../bench.js';
import type { Case } from '../case.js';
import type { Figure } from '../figures.js';
import { giveOwnCore } from '../affinity.js';
import { cpuSecondsOfProcess, membersOf } from '../process-account.js';
import { pause } from '../scrape.js';

const CAMERAS = 16;
/** So many that what is measured is work: a process that is mostly idle pays for being woken. */
const READERS = 960;
const PROCESSES = 2;
const ROUNDS = 2;
const MEASURE_MS = 5_000;
/** Each process compiles what is hot for itself. */
const SETTLE_MS = 3_000;

/**
 * The same cameras and readers with one media process and with two. Wall-clock throughput says nothing on a machine whose
 * cores the load and the cameras want too; so this compares the CPU that the busiest process needs for the same gigabits:
 * the most that one core has to do is what ends the growth. On free cores throughput grows by the same factor. Each process is
 * looked at while it has a core to itself, as it would have on a machine that has cores enough.
 */
export const processes: Case = {
  name: 'processes',
  summary:
    '16 cameras and 960 TCP readers on one and on two media processes, by CPU of the busiest',
  default: true,
  async run(bench) {
    const cameras = await bench.cameras({ count: CAMERAS });
    const [ones, twos]: [number[][], number[][]] = [[], []];
    for (let round = 0; round < ROUNDS; round++) {
      ones.push(await measure(bench, cameras, 1));
      twos.push(await measure(bench, cameras, PROCESSES));
    }
    await bench.end(cameras.program);
    const [one, two] = [meanOf(ones), meanOf(twos)];
    const busiest = (shares: readonly number[]): number => Math.max(...shares);
    const unit = 'CPU s/Gbit';
    const subject = 'nightjar';
    return [
      { subject, name: 'one process', value: busiest(one), unit },
      ...two.map((value, i): Figure => {
        const name = `two processes: number ${i + 1} of ${two.length}, by load`;
        return { subject, name, value, unit };
      }),
      {
        subject,
        name: 'two processes: all together',
        value: two.reduce((sum, value) => sum + value, 0),
        unit,
        reference: { value: busiest(one), what: 'one process' },
      },
      {
        subject,
        name: 'scaling: one process by the busiest of two',
        value: busiest(one) / busiest(two),
        unit: 'x',
        aim: { atLeast: 1.8 },
      },
    ];
  },
};

/** CPU-seconds of each process of the role per gigabit that all of them relay, most first. */
async function measure(bench: Bench, cameras: Cameras, processCount: number): Promise<number[]> {
  const media = await bench.media({
    cameraUrls: cameras.urls,
    config: { media: { processes: processCount } },
  });
  const load = bench.load();
  await load.open(
    cameras.urls.map((_, camera) => media.url(camera)),
    { readers: READERS },
  );
  const used: number[] = [];
  for (const { pid } of membersOf(media.program.pid)) {
    giveOwnCore(pid);
    await pause(SETTLE_MS);
    const before = cpuSecondsOfProcess(pid);
    const { bytes } = await load.measure(MEASURE_MS);
    used.push((cpuSecondsOfProcess(pid) - before) / ((bytes * 8) / 1e9));
  }
  await bench.end(load.program, media.program);
  return used.toSorted((a, b) => b - a);
}

/** Mean of each place. @param rounds of equal length */
function meanOf(rounds: readonly (readonly number[])[]): number[] {
  return rounds[0]!.map(
    (_, place) => rounds.reduce((sum, round) => sum + round[place]!, 0) / rounds.length,
  );
}
