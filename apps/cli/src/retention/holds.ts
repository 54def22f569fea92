import { systemClock } from '@nightjar/common';
import { Holds } from '@nightjar/retention';
import type { HoldRequest, HoldView } from '@nightjar/retention';
import type { Output } from '../command.js';
import { readConfig, withCatalog } from '../open-archive.js';
import { show, type Asked } from '../show.js';
import { printTable } from '../table.js';
import { shellUser } from './approve.js';
import { printTime } from './plan.js';

export async function addHold(asked: Asked, request: HoldRequest, output: Output): Promise<void> {
  const hold = await withHolds(asked, (holds) => holds.add(request, shellUser()));
  show(asked, output, hold, () => [`hold ${hold.id}: ${describe(hold)}`]);
}

export async function listHolds(asked: Asked, all: boolean, output: Output): Promise<void> {
  const list = await withHolds(asked, (holds) => holds.list(all));
  show(asked, output, list, () =>
    list.length === 0
      ? ['no holds']
      : printTable([
          [
            'id',
            'camera',
            'stream',
            'from',
            'to',
            'owner',
            'expires',
            'reason',
            ...(all ? ['released'] : []),
          ],
          ...list.map((hold) => [
            String(hold.id),
            hold.camera,
            hold.stream ?? '(all)',
            printTime(hold.start),
            printTime(hold.end),
            hold.owner,
            printTime(hold.expiresAt),
            hold.reason,
            ...(all && hold.releasedAt !== null
              ? [`${printTime(hold.releasedAt)} by ${hold.releasedBy}`]
              : []),
          ]),
        ]),
  );
}

export async function releaseHold(asked: Asked, id: number, output: Output): Promise<void> {
  const hold = await withHolds(asked, (holds) => holds.release(id, shellUser()));
  show(asked, output, hold, () => [`released hold ${hold.id}: ${describe(hold)}`]);
}

function describe({ camera, stream, start, end, expiresAt }: HoldView): string {
  const until = expiresAt === null ? 'until it is released' : `until ${expiresAt}`;
  return `${camera}${stream === null ? '' : `/${stream}`} from ${start} to ${end}, ${until}`;
}

async function withHolds<Result>(
  { configFile }: Asked,
  work: (holds: Holds) => Promise<Result>,
): Promise<Result> {
  const config = await readConfig(configFile);
  return withCatalog(config, (catalog) => work(new Holds(catalog, () => config, systemClock)));
}
