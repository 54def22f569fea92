import { startAppliance } from '../appliance.js';
import type { Bench } from '../bench.js';
import type { Case } from '../case.js';
import type { Figure } from '../figures.js';
import { membersOf, type Member } from '../process-account.js';

const CAMERAS = 16;
const MEASURE_MS = 10_000;
const MIB = 2 ** 20;

/** What the whole recorder takes while it has nothing to do. */
export const idle: Case = {
  name: 'idle',
  summary: 'the appliance with nothing configured, and with 16 on-demand cameras nobody watches',
  default: true,
  async run(bench) {
    const cameras = await bench.cameras({ count: CAMERAS });
    const onDemand = Object.fromEntries(
      cameras.urls.map((url, i) => [`cam${i}`, { streams: { main: { url, transport: 'tcp' } } }]),
    );
    return [
      ...(await measure(bench, {}, 'nothing configured')),
      ...(await measure(bench, onDemand, `${CAMERAS} cameras nobody watches`)),
    ];
  },
};

async function measure(bench: Bench, cameras: object, what: string): Promise<Figure[]> {
  const { program } = await startAppliance(bench, 'idle', cameras);
  const before = membersOf(program.pid);
  const { seconds } = await bench.window(MEASURE_MS);
  const shares = byRole(membersOf(program.pid), before);
  await bench.end(program);
  const figure = (name: string, value: number, unit: string): Figure => ({
    subject: 'nightjar',
    name: `${name}, ${what}`,
    value,
    unit,
  });
  const percent = ({ cpuSeconds }: Share): number => (cpuSeconds / seconds) * 100;
  const all = [...shares.values()].reduce(sum, NOTHING);
  return [
    figure('CPU of all processes', percent(all), '% of a core'),
    figure('memory of all processes', all.bytes / MIB, 'MiB'),
    ...Array.from(shares, ([role, share]) => [
      figure(`CPU of ${role}`, percent(share), '% of a core'),
      figure(`memory of ${role}`, share.bytes / MIB, 'MiB'),
    ]).flat(),
  ];
}

interface Share {
  readonly cpuSeconds: number;
  readonly bytes: number;
}

const NOTHING: Share = { cpuSeconds: 0, bytes: 0 };

function sum(a: Share, b: Share): Share {
  return { cpuSeconds: a.cpuSeconds + b.cpuSeconds, bytes: a.bytes + b.bytes };
}

/** What those used that are there now, since `before`; PostgreSQL ends and starts processes as it likes. */
function byRole(members: readonly Member[], before: readonly Member[]): Map<string, Share> {
  const usedBefore = new Map(before.map(({ pid, cpuSeconds }) => [pid, cpuSeconds]));
  const shares = new Map<string, Share>();
  for (const { pid, command, cpuSeconds, proportionalBytes } of members) {
    const role = roleIn(command);
    const used = cpuSeconds - (usedBefore.get(pid) ?? 0);
    const share = { cpuSeconds: used, bytes: proportionalBytes };
    shares.set(role, sum(shares.get(role) ?? NOTHING, share));
  }
  return shares;
}

/** `postgres: checkpointer` and `node .../apps/media/src/main.js` alike. */
function roleIn(command: string): string {
  const app = /apps\/([a-z]+)\/src\/main\.js/.exec(command)?.[1];
  return app ?? (/postgres/.test(command) ? 'postgres' : command.slice(0, 24));
}
