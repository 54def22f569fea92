import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, systemClock, type Clock } from '@nightjar/common';
import type { NightjarConfig } from '@nightjar/config';
import { printBytes } from '@nightjar/retention';
import { lookAtVolumes, type VolumeReport } from '../volume/look-at-volumes.js';
import type { Finding } from './finding.js';

/** As a recorder does: fragments of a 4 Mbit/s camera, each forced to the disk. */
const FRAGMENT_BYTES = 512 * 1024;
const FRAGMENTS = 8;
/** A fragment is a second of footage: who needs half of one for it has no room for a second camera. */
const SLOW_MS = 500;
const RIGHTS = 'give the account that Nightjar runs under the right to write there';

/** The right disks, room on them, rights, and how fast each takes fragments. */
export async function checkDisks(
  config: NightjarConfig,
  clock: Clock = systemClock,
): Promise<Finding[]> {
  const reports = await lookAtVolumes(config, clock);
  const findings = await Promise.all(reports.map((report) => checkVolume(config, report, clock)));
  return findings.flat();
}

async function checkVolume(
  config: NightjarConfig,
  { name, path, state, problem, freeBytes }: VolumeReport,
  clock: Clock,
): Promise<Finding[]> {
  const subject = `volume ${name}`;
  if (problem !== null) {
    const remedy = /\bE(?:ACCES|PERM)\b/.test(problem) ? RIGHTS : 'npx nightjar volume status';
    return [{ subject, state: 'problem', detail: problem, remedy }];
  }
  const minimum = config.volumes[name]?.minFreeBytes ?? 0;
  const room: Finding =
    freeBytes !== null && freeBytes < minimum / 2
      ? {
          subject,
          state: 'problem',
          detail: `${printBytes(freeBytes)} are free, less than half of minFreeBytes`,
          remedy: 'npx nightjar retention status',
        }
      : { subject, state: 'ok', detail: `${printBytes(freeBytes ?? 0)} free at ${path}` };
  return state === 'active' ? [room, await checkSpeed(subject, path, clock)] : [room];
}

async function checkSpeed(subject: string, path: string, clock: Clock): Promise<Finding> {
  const file = join(path, '.nightjar', `doctor-${process.pid}`);
  try {
    const slowestMs = await slowestFragmentMs(file, clock);
    const detail = `the slowest of ${FRAGMENTS} fragments took ${Math.round(slowestMs)} ms to write and sync`;
    return slowestMs < SLOW_MS
      ? { subject, state: 'ok', detail }
      : {
          subject,
          state: 'warning',
          detail,
          remedy: 'see what else uses the disk (iostat -x 1); a fragment is one second of footage',
        };
  } catch (error) {
    return {
      subject,
      state: 'problem',
      detail: messageOf(error),
      remedy: RIGHTS,
    };
  } finally {
    await rm(file, { force: true }).catch(() => undefined);
  }
}

async function slowestFragmentMs(file: string, clock: Clock): Promise<number> {
  const handle = await open(file, 'wx', 0o600);
  const fragment = Buffer.alloc(FRAGMENT_BYTES, 1);
  let slowestMs = 0;
  try {
    for (let n = 0; n < FRAGMENTS; n += 1) {
      const startedMs = clock.monotonicMs();
      await handle.write(fragment);
      await handle.datasync();
      slowestMs = Math.max(slowestMs, clock.monotonicMs() - startedMs);
    }
  } finally {
    await handle.close();
  }
  return slowestMs;
}
