import { offlineStreams, type OfflineStream } from '@nightjar/events';
import type { Output } from '../command.js';
import { readConfig, withCatalog } from '../open-archive.js';
import { show, type Asked } from '../show.js';
import { printTable } from '../table.js';

/** @returns whether a stream is offline */
export async function showCameras(asked: Asked, output: Output): Promise<boolean> {
  const config = await readConfig(asked.configFile);
  const ongoing = await withCatalog(config, (catalog) => catalog.events.ongoing());
  const cameras = Object.values(config.cameras).map(({ name, streams }) => ({
    name,
    streams: Object.keys(streams),
    offline: offlineStreams(name, ongoing),
  }));
  show(asked, output, cameras, () =>
    printTable([
      ['camera', 'streams', 'offline'],
      ...cameras.flatMap(({ name, streams, offline }) =>
        offline.length === 0
          ? [[name, streams.join(', '), '']]
          : offline.map((one, at) =>
              at === 0 ? [name, streams.join(', '), describe(one)] : ['', '', describe(one)],
            ),
      ),
    ]),
  );
  return cameras.some(({ offline }) => offline.length > 0);
}

function describe({ stream, since, reason, login }: OfflineStream): string {
  const what = `${stream} since ${since}: ${reason}`;
  if (login === null) return what;
  const times = login.refusals === 1 ? 'once' : `${login.refusals} times`;
  const next =
    login.retryAt === null
      ? 'not tried again until the credentials change'
      : `tried again at ${login.retryAt}`;
  return `${what}; login refused ${times}, ${next}`;
}
