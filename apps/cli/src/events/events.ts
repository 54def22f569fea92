import type { EventRange } from '@nightjar/catalog';
import type { Output } from '../command.js';
import { readConfig, requireCamera, withCatalog } from '../open-archive.js';
import { show, type Asked } from '../show.js';
import { printable } from '../printable.js';
import { printTable } from '../table.js';

/** @throws NightjarError `not-found` for a camera that is not known */
export async function listEvents(asked: Asked, range: EventRange, output: Output): Promise<void> {
  const config = await readConfig(asked.configFile);
  await requireCamera(config, range.camera);
  const events = await withCatalog(config, (catalog) => catalog.events.inRange(range));
  const views = events.map(({ startMs, endMs, stream, label, data, ...rest }) => ({
    ...rest,
    stream: stream ?? null,
    start: new Date(startMs).toISOString(),
    end: endMs === undefined ? null : new Date(endMs).toISOString(),
    label: label ?? null,
    data: data ?? null,
  }));
  show(asked, output, views, () =>
    views.length === 0
      ? ['no events']
      : printTable([
          ['start', 'end', 'type', 'stream', 'source', 'label'],
          ...views.map(({ start, end, type, stream, source, label }) => [
            start,
            end ?? '(goes on)',
            type,
            stream ?? '(all)',
            source,
            printable(label ?? ''),
          ]),
        ]),
  );
}
