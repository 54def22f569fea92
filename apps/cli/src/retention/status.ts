import { systemClock } from '@nightjar/common';
import { OverrideControl, printBytes, retentionStatus } from '@nightjar/retention';
import type { VolumeStatus } from '@nightjar/retention';
import type { Output } from '../command.js';
import { readConfig, withCatalog } from '../open-archive.js';
import { show, type Asked } from '../show.js';
import { printTime } from './plan.js';

/** @returns whether something waits for an answer or a volume is in need */
export async function showStatus(asked: Asked, output: Output): Promise<boolean> {
  const config = await readConfig(asked.configFile);
  const status = await withCatalog(config, (catalog) =>
    retentionStatus(catalog, config, new OverrideControl(catalog.overrides, systemClock)),
  );
  show(asked, output, status, () => status.flatMap(linesOf));
  return status.some(({ block, missingBytes }) => block !== null || missingBytes > 0);
}

function linesOf({ volume, lastSweep, block, missingBytes, stopped }: VolumeStatus): string[] {
  const lines = [
    lastSweep === null
      ? `${volume}: not swept yet`
      : `${volume}: swept at ${printTime(lastSweep.startedAt)}, ${lastSweep.segments} segments and ${printBytes(lastSweep.bytes)} deleted`,
  ];
  if (block !== null)
    lines.push(
      `${volume}: STOPPED since ${printTime(block.since)}: ${block.message}`,
      block.approvedAt === null
        ? `${volume}: ${block.segments} segments, ${printBytes(block.bytes)}: mend the cause, or let them go: nightjar retention approve ${volume}`
        : `${volume}: approved by ${block.approvedBy}; ${block.passedSegments} of ${block.segments} segments are gone`,
    );
  if (missingBytes > 0)
    lines.push(
      `${volume}: FULL: ${printBytes(missingBytes)} are missing and all footage is protected by guarantees and holds`,
    );
  if (stopped.length > 0) lines.push(`${volume}: stopped for that: ${stopped.join(', ')}`);
  return lines;
}
