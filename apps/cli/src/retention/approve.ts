import { userInfo } from 'node:os';
import { systemClock } from '@nightjar/common';
import { blockView, printBytes } from '@nightjar/retention';
import type { Output } from '../command.js';
import { readConfig, withCatalog } from '../open-archive.js';
import { show, type Asked } from '../show.js';

/** Lets blocked plans pass once. */
export async function approve(
  asked: Asked,
  volume: string | undefined,
  by: string | undefined,
  output: Output,
): Promise<boolean> {
  const config = await readConfig(asked.configFile);
  const blocks = await withCatalog(config, (catalog) =>
    catalog.sweeps.approve(volume, by ?? shellUser(), systemClock.wallMs()),
  );
  const views = blocks.map(blockView);
  show(asked, output, views, () =>
    views.map(
      (block) =>
        `${block.volume}: ${block.segments} segments, ${printBytes(block.bytes)}, go with the next sweep`,
    ),
  );
  return false;
}

/** Who works at this shell, for what is written down. */
export function shellUser(): string {
  return process.env['SUDO_USER'] || userInfo().username;
}
