import { copyFile, lstat, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { NightjarError } from '@nightjar/common';
import { diffConfig, isEmptyDiff, loadConfig, parseConfig, readApplied } from '@nightjar/config';
import type { ConfigurationPlan } from './plan.js';

const PATIENCE_MS = 15_000;
const POLL_MS = 200;

/**
 * Puts a configuration that was planned in the place of the file that Nightjar follows, keeps the old one as `<file>.previous`, and
 * waits until it runs.
 *
 * @throws NightjarError `conflict` when footage would go and that was not said to be meant, or the file is not ours to change;
 *   `unavailable` when Nightjar does not take it up
 */
export async function applyConfiguration(
  { file, deletions }: ConfigurationPlan,
  candidate: string,
  mayDelete: boolean,
): Promise<void> {
  if (!mayDelete && deletions === undefined)
    throw refusal('nobody knows what retention would delete because of it');
  if (!mayDelete && deletions !== undefined && deletions.length > 0)
    throw refusal('footage would go because of it');
  if ((await lstat(file)).isSymbolicLink())
    throw new NightjarError(
      'conflict',
      'cli/linked-configuration',
      `${file} is a link, as in a ConfigMap: change what it comes from; Nightjar takes it up by itself`,
    );
  await copyFile(file, `${file}.previous`);
  const { mode } = await stat(file);
  await writeFile(`${file}.new`, await readFile(candidate), { mode });
  await rename(`${file}.new`, file);
  const { config } = await loadConfig(file);
  for (let waitedMs = 0; waitedMs < PATIENCE_MS; waitedMs += POLL_MS) {
    const applied = await readApplied(config.dataDir);
    const running = await parseConfig(applied.accepted, applied.file, process.env);
    // What waits for a restart is taken up all the same.
    if (isEmptyDiff(diffConfig(running.config, config))) return;
    await wait(POLL_MS);
  }
  throw new NightjarError(
    'unavailable',
    'cli/not-taken-up',
    `${file} was changed, but Nightjar did not take it up within ${PATIENCE_MS / 1_000} s: does it run, and follow this file? The old one is ${file}.previous`,
  );
}

function refusal(reason: string): NightjarError {
  return new NightjarError(
    'conflict',
    'cli/footage-would-go',
    `nothing was changed: ${reason}; add --delete-footage if that is meant`,
  );
}
