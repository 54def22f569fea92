import type { IntegrityRepository, StoredCheckpoint } from '@nightjar/catalog';
import { NightjarError } from '@nightjar/common';
import { payloadHash, signCheckpoint } from './checkpoint.js';

const DAY_MS = 86_400_000;
/** A segment that began before midnight may be closed, and known, only a while after it. */
const AFTER_MIDNIGHT_MS = 2 * 3_600_000;
/** Days signed in one go. */
const MAX_DAYS = 400;

/**
 * Signs every day (UTC) that is over and has no checkpoint: from the day after the last one on, else from the first footage.
 * A day without footage is signed too, so that a missing checkpoint is always noticed.
 * @returns the days that were signed
 */
export async function signDays(
  repository: Pick<
    IntegrityRepository,
    'lastCheckpoint' | 'firstDay' | 'streamDays' | 'addCheckpoint'
  >,
  key: string,
  software: string,
  nowMs: number,
): Promise<string[]> {
  let last: StoredCheckpoint | undefined = await repository.lastCheckpoint();
  const first = last === undefined ? await repository.firstDay() : nextDay(last.day);
  const signed: string[] = [];
  for (
    let day = first;
    day !== undefined && isOver(day, nowMs) && signed.length < MAX_DAYS;
    day = nextDay(day)
  ) {
    const checkpoint = signCheckpoint(
      {
        day,
        createdAt: new Date(nowMs).toISOString(),
        software,
        previous: last === undefined ? null : payloadHash(last.payload),
        streams: await repository.streamDays(day),
      },
      key,
    );
    try {
      await repository.addCheckpoint(checkpoint);
    } catch (error) {
      // Another worker was faster; it goes on from there.
      if (error instanceof NightjarError && error.kind === 'conflict') return signed;
      throw error;
    }
    last = checkpoint;
    signed.push(day);
  }
  return signed;
}

function isOver(day: string, nowMs: number): boolean {
  return nowMs >= Date.parse(`${day}T00:00:00Z`) + DAY_MS + AFTER_MIDNIGHT_MS;
}

function nextDay(day: string): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + DAY_MS).toISOString().slice(0, 10);
}
