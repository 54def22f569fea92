import { systemClock } from '@nightjar/common';
import { printBytes, whyGone } from '@nightjar/retention';
import type { WhyGone } from '@nightjar/retention';
import type { Output } from '../command.js';
import { readConfig, withCatalog } from '../open-archive.js';
import { show, type Asked } from '../show.js';

/** @returns whether the footage is gone, or never was */
export async function showWhy(
  asked: Asked,
  camera: string,
  atMs: number,
  output: Output,
): Promise<boolean> {
  const config = await readConfig(asked.configFile);
  const why = await withCatalog(config, (catalog) =>
    whyGone(catalog, camera, atMs, systemClock.wallMs()),
  );
  show(asked, output, why, () => linesOf(why));
  return !why.present.some(({ deleting }) => !deleting);
}

function linesOf({ camera, at, deleted, present, holds, gaps }: WhyGone): string[] {
  const lines = [
    ...deleted.map(
      ({ stream, volume, rule, deletedAt, bytes, path, detail }) =>
        `${camera}/${stream}: deleted from ${volume} at ${deletedAt} by ${rule} (${printBytes(bytes)}, ${path})${detail === null ? '' : ` ${JSON.stringify(detail)}`}`,
    ),
    ...present.map(
      ({ stream, volume, path, deleting }) =>
        `${camera}/${stream}: ${deleting ? 'is being deleted from' : 'is there, on'} ${volume} (${path})`,
    ),
    ...holds.map(({ id, owner, reason }) => `held: ${id} by ${owner}: ${reason}`),
    ...gaps.map(({ stream, reason }) => `${camera}/${stream}: not recorded: ${reason}`),
  ];
  return lines.length === 0 ? [`nothing is known of camera ${camera} at ${at}`] : lines;
}
