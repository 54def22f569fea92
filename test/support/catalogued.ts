import { Catalog } from '@nightjar/catalog';
import type { JournalRecord, SegmentFacts } from '@nightjar/catalog';
import type { TestVolume } from './test-volume.js';

/** A connected catalog of an empty database that knows the volume. */
export async function openCatalog(url: string, volume: TestVolume): Promise<Catalog> {
  const catalog = new Catalog(url, { unavailable: () => undefined });
  await catalog.connect();
  await catalog.volumes.register({ id: volume.id, name: 'main', path: volume.root });
  return catalog;
}

/** Writes the files and feeds the catalog with their records, as one more journal file. Their runs have ended unless `live`. */
export async function record(
  catalog: Catalog,
  volume: TestVolume,
  segments: readonly SegmentFacts[],
  options = { live: false },
): Promise<void> {
  await volume.write(segments);
  const closed = segments.map((facts): JournalRecord => ({
    type: 'segment-closed',
    volumeId: volume.id,
    ...facts,
  }));
  const ended = options.live
    ? []
    : segments.map(({ run, camera, stream, endMs }): JournalRecord => ({
        type: 'run-ended',
        run,
        camera,
        stream,
        endedAtMs: endMs,
        reason: 'stopped',
      }));
  const { file } = await catalog.feed.cursor(volume.id);
  await catalog.feed.apply(volume.id, [...closed, ...ended], { file: file + 1, offset: 0 });
}
