import type { Catalog, ExportRow } from '@nightjar/catalog';
import { messageOf, NightjarError, type Clock } from '@nightjar/common';
import type { NightjarConfig } from '@nightjar/config';
import { processorOf, type JobContext, type JobProcessor } from '@nightjar/jobs';
import { StoredFootage } from '../stored-footage.js';
import { assembleExport } from './export-assembly.js';
import { ExportFolders } from './export-folders.js';
import { partsOf } from './export-parts.js';
import { EXPORT_ATTEMPTS, ExpireExports, ExportFilm, MakeExport } from './export.job.js';
import { writeFilm } from './film-writer.js';

export interface ExportProcessorOptions {
  readonly catalog: Catalog;
  readonly clock: Clock;
  /** The configuration in force now. */
  config(): NightjarConfig;
  /** Name and version of this program, for the manifest. */
  readonly software: string;
}

/** The processors of {@link ExportFilm}, {@link MakeExport} and {@link ExpireExports}. */
export function exportProcessors(options: ExportProcessorOptions): JobProcessor[] {
  return [
    processorOf(ExportFilm, ({ id, part }, context) =>
      step(options, id, context, (row, folders) => makeFilm(options, row, part, folders, context)),
    ),
    processorOf(MakeExport, ({ id }, context) =>
      step(options, id, context, (row, folders) => assemble(options, row, folders, context)),
    ),
    processorOf(ExpireExports, () => expireExports(options)),
  ];
}

/** What another attempt cannot mend. */
const FINAL: readonly string[] = ['not-found', 'invalid', 'exhausted'];

/** One step of an export that may be repeated: each works where only it writes, and only a whole export gets its name. */
async function step(
  options: ExportProcessorOptions,
  id: string,
  { attempt, signal }: JobContext,
  work: (row: ExportRow, folders: ExportFolders) => Promise<void>,
): Promise<void> {
  const { catalog } = options;
  const folders = new ExportFolders(options.config().exports.directory);
  const row = await catalog.exports.get(id);
  if (row === undefined || row.state === 'done' || row.state === 'failed') return;
  try {
    await work(row, folders);
  } catch (error) {
    const gone = error instanceof NightjarError && error.code === 'footage/export-ended';
    const final = error instanceof NightjarError && FINAL.includes(error.kind);
    if (!gone && signal.aborted) throw error;
    if (!gone && !final && attempt < EXPORT_ATTEMPTS) {
      await catalog.exports.postpone(id, messageOf(error));
      throw error;
    }
    if (!gone) await catalog.exports.fail(id, messageOf(error));
    await folders.remove(id);
    if (!gone && !final) throw error;
  }
}

async function makeFilm(
  options: ExportProcessorOptions,
  { id, order }: ExportRow,
  index: number,
  folders: ExportFolders,
  { signal, report }: JobContext,
): Promise<void> {
  const { catalog } = options;
  const { volumes, exports: settings } = options.config();
  const parts = partsOf(order);
  const part = parts[index];
  if (part === undefined)
    throw new NightjarError('invalid', 'footage/no-part', `the export has no part ${index}`);
  const progress = async (share: number): Promise<void> => {
    report(share);
    if (!(await catalog.exports.progress(id, (index + share) / parts.length))) throw ended();
  };
  await progress(0);
  const listing = await writeFilm({
    footage: await StoredFootage.open(volumes),
    part,
    directory: await folders.beginFilm(id, index),
    reasons: async (stream, startMs, endMs) => {
      const range = { ...stream, startMs, endMs, nowMs: options.clock.wallMs(), resolutionMs: 0 };
      const { gaps, unwanted, deleted: gone } = await catalog.timeline.timeline(range);
      return [...gaps, ...unwanted, ...gone.map((span) => ({ ...span, reason: 'deleted' }))];
    },
    progress,
    maxBytes: settings.maxBytes - (await catalog.exports.totalBytes()),
    signal,
  });
  await folders.filmDone(id, index, listing);
  await progress(1);
}

async function assemble(
  options: ExportProcessorOptions,
  { id, order, createdMs }: ExportRow,
  folders: ExportFolders,
  { signal }: JobContext,
): Promise<void> {
  const { catalog, software } = options;
  const { directory, films } = await folders.gather(id, partsOf(order).length);
  const files = await assembleExport({
    order,
    directory,
    films,
    requestedMs: createdMs,
    software,
    maxBytes: options.config().exports.maxBytes - (await catalog.exports.totalBytes()),
    signal,
  });
  await folders.finish(id);
  if (!(await catalog.exports.finish(id, files))) throw ended();
  await folders.tidy(
    id,
    files.map(({ name }) => name),
  );
}

function ended(): NightjarError {
  return new NightjarError('cancelled', 'footage/export-ended', 'the export was deleted or failed');
}

/** Idempotent: it removes what is there and should not be. */
async function expireExports(options: ExportProcessorOptions): Promise<void> {
  const { catalog, clock } = options;
  const folders = new ExportFolders(options.config().exports.directory);
  for (const { id } of await catalog.exports.expired(clock.wallMs())) {
    await catalog.exports.remove(id);
    await folders.remove(id);
  }
  for (const id of await folders.ids()) {
    const row = await catalog.exports.get(id);
    if (row === undefined) await folders.remove(id);
    // A process that was killed had no time for it.
    else if (row.state === 'done')
      await folders.tidy(
        id,
        row.files.map(({ name }) => name),
      );
  }
}
