import type { Catalog, ExportRow } from '@nightjar/catalog';
import { messageOf, NightjarError, type Clock } from '@nightjar/common';
import type { NightjarConfig } from '@nightjar/config';
import { processorOf, type JobContext, type JobProcessor } from '@nightjar/jobs';
import { StoredFootage } from '../stored-footage.js';
import { ExportFolders } from './export-folders.js';
import { writeExport } from './export-writer.js';
import { ExpireExports, MakeExport } from './export.job.js';

export interface ExportProcessorOptions {
  readonly catalog: Catalog;
  readonly clock: Clock;
  /** The configuration in force now. */
  config(): NightjarConfig;
  /** Name and version of this program, for the manifest. */
  readonly software: string;
}

/** The processors of {@link MakeExport} and {@link ExpireExports}. */
export function exportProcessors(options: ExportProcessorOptions): JobProcessor[] {
  return [
    processorOf(MakeExport, ({ id }, context) => makeExport(options, id, context)),
    processorOf(ExpireExports, () => expireExports(options)),
  ];
}

/** Idempotent: it works in a folder that is made anew each time, and only a whole export gets its name. */
async function makeExport(
  options: ExportProcessorOptions,
  id: string,
  context: JobContext,
): Promise<void> {
  const { catalog } = options;
  const folders = new ExportFolders(options.config().exports.directory);
  const row = await catalog.exports.get(id);
  if (row === undefined || row.state === 'done') return;
  try {
    await write(options, row, folders, context);
  } catch (error) {
    await folders.remove(id);
    if (error instanceof NightjarError && error.code === 'footage/export-deleted') return;
    if (context.signal.aborted) throw error;
    await catalog.exports.fail(id, messageOf(error));
    // What another attempt cannot mend is not tried again.
    if (error instanceof NightjarError && FINAL.includes(error.kind)) return;
    throw error;
  }
}

const FINAL: readonly string[] = ['not-found', 'invalid', 'exhausted'];

async function write(
  options: ExportProcessorOptions,
  { id, order, createdMs }: ExportRow,
  folders: ExportFolders,
  { signal, report }: JobContext,
): Promise<void> {
  const { catalog, software } = options;
  const { volumes, exports: settings } = options.config();
  const progress = async (share: number): Promise<void> => {
    report(share);
    if (!(await catalog.exports.progress(id, share))) throw deleted();
  };
  await progress(0);
  const directory = await folders.begin(id);
  const files = await writeExport({
    footage: await StoredFootage.open(volumes),
    order,
    directory,
    requestedMs: createdMs,
    software,
    reasons: async (stream, startMs, endMs) => {
      const range = { ...stream, startMs, endMs, nowMs: options.clock.wallMs(), resolutionMs: 0 };
      const { gaps, unwanted, deleted: gone } = await catalog.timeline.timeline(range);
      return [...gaps, ...unwanted, ...gone.map((span) => ({ ...span, reason: 'deleted' }))];
    },
    progress,
    maxBytes: settings.maxBytes - (await catalog.exports.totalBytes()),
    signal,
  });
  await folders.finish(id);
  if (!(await catalog.exports.finish(id, files))) throw deleted();
}

function deleted(): NightjarError {
  return new NightjarError('cancelled', 'footage/export-deleted', 'the export was deleted');
}

/** Idempotent: it removes what is there and should not be. */
async function expireExports(options: ExportProcessorOptions): Promise<void> {
  const { catalog, clock } = options;
  const folders = new ExportFolders(options.config().exports.directory);
  for (const { id } of await catalog.exports.expired(clock.wallMs())) {
    await catalog.exports.remove(id);
    await folders.remove(id);
  }
  for (const id of await folders.ids())
    if ((await catalog.exports.get(id)) === undefined) await folders.remove(id);
}
