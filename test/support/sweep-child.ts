import { Catalog } from '@nightjar/catalog';
import { ManualClock } from '@nightjar/common';
import { Volume } from '@nightjar/recording';
import {
  nodeRemovalSystem,
  SegmentRemover,
} from '../../libs/retention/src/sweep/segment-remover.js';
import { rulesFor, sweepMain } from './sweeping.js';

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
await sweepMain({
  catalog,
  volume: await Volume.open('main', ROOT ?? ''),
  rules: rulesFor({ [CAMERA ?? '']: { maxAgeMs: 1 } }),
  clock: new ManualClock(Number(NOW_MS)),
  with: {
    repository: deadly(catalog.retention),
    remover: new SegmentRemover(ROOT ?? '', deadly(nodeRemovalSystem)),
  },
});
await catalog.close();
process.disconnect();
