import type { Output } from '../command.js';
import { readConfig } from '../open-archive.js';
import { show, type Asked } from '../show.js';
import { checkDisks } from './disk-checks.js';
import type { Finding } from './finding.js';
import { checkPorts, checkTime, isRunning } from './machine-checks.js';
import { checkCameras, checkDatabase } from './service-checks.js';

const MARKS: Readonly<Record<Finding['state'], string>> = {
  ok: 'ok      ',
  warning: 'warning ',
  problem: 'PROBLEM ',
  unknown: 'unknown ',
};

/** Looks at everything and tells it. @returns whether something is a problem */
export async function examine(
  asked: Asked,
  withCameras: boolean,
  output: Output,
): Promise<boolean> {
  const config = await readConfig(asked.configFile);
  const running = await isRunning(config);
  const findings: Finding[] = [
    await checkTime(),
    ...(await checkPorts(config, running)),
    ...(await checkDisks(config)),
    await checkDatabase(config, running),
    ...(withCameras ? await checkCameras(config) : []),
  ];
  show(asked, output, findings, () => findings.flatMap(linesOf));
  return findings.some(({ state }) => state === 'problem');
}

function linesOf({ subject, state, detail, remedy }: Finding): string[] {
  const line = `${MARKS[state]} ${subject}: ${detail}`;
  return remedy === undefined ? [line] : [line, `          do: ${remedy}`];
}
