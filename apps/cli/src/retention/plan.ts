import { systemClock } from '@nightjar/common';
import { openSized, planRetention, printBytes, printDays } from '@nightjar/retention';
import type { CameraPlan, RetentionPlan, VolumePlan } from '@nightjar/retention';
import type { Output } from '../command.js';
import { readConfig, withCatalog } from '../open-archive.js';
import { show, type Asked } from '../show.js';
import { printTable } from '../table.js';

/** @returns whether there are warnings */
export async function showPlan(asked: Asked, output: Output): Promise<boolean> {
  const config = await readConfig(asked.configFile);
  const plan = await withCatalog(config, (catalog) =>
    planRetention({
      catalog,
      config,
      nowMs: systemClock.wallMs(),
      volume: (name) => openSized(config, name),
    }),
  );
  show(asked, output, plan, () => linesOf(plan));
  return plan.warnings.length > 0;
}

function linesOf({ volumes, cameras, deletions, warnings }: RetentionPlan): string[] {
  const gone = deletions.map((row) => [
    row.camera,
    row.volume,
    row.rule,
    String(row.segments),
    printBytes(row.bytes),
    printTime(row.oldest),
    printTime(row.newest),
  ]);
  return [
    ...printTable([
      [
        'volume',
        'state',
        'free',
        'footage',
        'per day',
        'full, nothing deleted',
        'full, by age and bytes',
      ],
      ...volumes.map(volumeRow),
    ]),
    '',
    ...printTable([
      ['camera', 'footage', 'per day', 'oldest', 'reaches', 'guaranteed', 'promised', 'possible'],
      ...cameras.map(cameraRow),
    ]),
    '',
    ...(gone.length === 0
      ? ['nothing would go now']
      : [
          'would go now:',
          ...printTable([
            ['camera', 'volume', 'rule', 'segments', 'bytes', 'oldest', 'newest'],
            ...gone,
          ]),
        ]),
    ...warnings.map(({ message }) => `warning: ${message}`),
  ];
}

function volumeRow(volume: VolumePlan): string[] {
  return [
    volume.volume,
    volume.state,
    volume.freeBytes === null ? 'away' : printBytes(volume.freeBytes),
    printBytes(volume.footageBytes),
    printRate(volume.bytesPerDay),
    printTime(volume.fullAt),
    printTime(volume.fullAtByRules),
  ];
}

function cameraRow(camera: CameraPlan): string[] {
  const days = (value: number | null): string => (value === null ? '-' : printDays(value));
  return [
    camera.camera,
    printBytes(camera.bytes),
    printRate(camera.bytesPerDay),
    printTime(camera.oldest),
    days(camera.achievedDays),
    days(camera.guaranteedDays),
    days(camera.promisedDays),
    days(camera.possibleDays),
  ];
}

function printRate(bytesPerDay: number | null): string {
  return bytesPerDay === null ? '-' : printBytes(bytesPerDay);
}

/** To the minute. */
export function printTime(time: string | null): string {
  return time === null ? '-' : `${time.slice(0, 16).replace('T', ' ')}Z`;
}
