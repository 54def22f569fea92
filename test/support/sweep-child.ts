import { Catalog } from '@nightjar/catalog';
import { ManualClock } from '@nightjar/common';
import { Volume } from '@nightjar/recording';
// Not the index: it would load the queue, which this process has no use for.
import { nodeRemovalSystem, SegmentRemover } from '../../libs/retention/src/segment-remover.js';
import { sweepVolume } from '../../libs/retention/src/sweep.js';

/** One sweep of camera `front` down to nothing, killed at call KILL_AT (`<name>:<nth>`), before it or (`amid`) while it runs. */
const { DATABASE, ROOT, KILL_AT, KILL_MODE, NOW_MS, CAMERA } = process.env as Record<
  string,
  string
>;
const calls = new Map<string, number>();

function deadly<Target extends object>(target: Target): Target {
  return new Proxy(target, {
    get(of, name, receiver) {
      const member: unknown = Reflect.get(of, name, receiver);
      if (typeof member !== 'function') return member;
      return async (...args: unknown[]): Promise<unknown> => {
        const nth = (calls.get(String(name)) ?? 0) + 1;
        calls.set(String(name), nth);
        const dies = KILL_AT === `${String(name)}:${nth}`;
        if (dies && KILL_MODE !== 'amid') process.kill(process.pid, 'SIGKILL');
        const running = Reflect.apply(member, of, args) as Promise<unknown>;
        if (dies) setImmediate(() => process.kill(process.pid, 'SIGKILL'));
        return running;
      };
    },
  });
}

const catalog = new Catalog(DATABASE ?? '', { unavailable: () => undefined });
await catalog.connect();
await sweepVolume(
  {
    repository: deadly(catalog.retention),
    volume: await Volume.open('main', ROOT ?? ''),
    remover: new SegmentRemover(ROOT ?? '', deadly(nodeRemovalSystem)),
    clock: new ManualClock(Number(NOW_MS)),
    policies: new Map([[CAMERA ?? '', { maxAgeMs: 1, maxBytes: undefined }]]),
    minFreeBytes: 0,
    deleted: () => undefined,
  },
  new AbortController().signal,
);
await catalog.close();
process.disconnect();
