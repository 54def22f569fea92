import { Catalog } from '@nightjar/catalog';
import { systemClock } from '@nightjar/common';
import type { NightjarConfig } from '@nightjar/config';
// Not the index: it would load the relay, which this process has no use for.
import { exportProcessors } from '../../libs/playback/src/http/export/export-processors.js';
import { ExportFilm, MakeExport } from '../../libs/playback/src/http/export/export.job.js';
import { jobContext } from './job-context.js';

/** Makes one export, and is killed before call KILL_AT (`<repository>.<method>:<nth>`) of the catalog. */
const { DATABASE = '', VOLUME = '', EXPORTS = '', ID = '', KILL_AT = '' } = process.env;

const catalog = new Catalog(DATABASE, { unavailable: () => undefined });
await catalog.connect();
for (const part of ['exports', 'timeline'] as const) {
  const [name = '', nth] = KILL_AT.replace(`${part}.`, '').split(':');
  const repository = catalog[part] as unknown as Record<string, (...args: unknown[]) => unknown>;
  const method = repository[name];
  if (!KILL_AT.startsWith(`${part}.`) || method === undefined) continue;
  let calls = 0;
  repository[name] = (...args) => {
    calls += 1;
    if (calls === Number(nth)) process.kill(process.pid, 'SIGKILL');
    return method.apply(repository, args);
  };
}
const config = {
  volumes: { main: { path: VOLUME } },
  exports: { directory: EXPORTS, maxBytes: 1e12 },
} as unknown as NightjarConfig;
const processors = exportProcessors({
  catalog,
  clock: systemClock,
  config: () => config,
  software: 'test',
});
const run = (name: string, data: unknown) =>
  processors.find(({ contract }) => contract.name === name)?.process(data, jobContext());
for (const part of [0, 1]) await run(ExportFilm.name, { id: ID, part });
await run(MakeExport.name, { id: ID });
await catalog.close();
process.disconnect();
