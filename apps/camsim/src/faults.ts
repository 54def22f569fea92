import { NightjarError } from '@nightjar/common';

/** What can be asked of a camera to go wrong; times in seconds. Each key stands alone, absent ones change nothing. */
export interface FaultRequest {
  /** Fraction of RTP packets dropped before sending, 0 to 1. */
  readonly loss?: number;
  /** Sends nothing for so long; connections stay, requests are answered. */
  readonly stall?: number;
  /** Closes all connections and refuses new ones for so long; comes back with new SSRC, sequences and timestamps. */
  readonly reboot?: number;
  /** Like a reboot, but of the network only: for so long, or until told otherwise; streams go on as if nothing had been. */
  readonly refuse?: boolean | number;
  /** Answers every login with 401. */
  readonly wrongPassword?: boolean;
  /** Moves the RTP timestamps of all tracks once, forth or back. */
  readonly timestampJump?: number;
  /** Plays a clip with other parameter sets (in band, without an announcement), or its own again. */
  readonly resolution?: 'own' | 'other';
  /** Answers SETUP for the other lower transport with 461. */
  readonly transport?: 'any' | 'udp-only' | 'tcp-only';
}

const MAX_SECONDS = 24 * 3600;

const CHECKS: Record<keyof FaultRequest, { is: (value: unknown) => boolean; wants: string }> = {
  loss: { is: (value) => isNumber(value, 0, 1), wants: 'a fraction from 0 to 1' },
  stall: { is: isDuration, wants: 'seconds' },
  reboot: { is: isDuration, wants: 'seconds' },
  refuse: {
    is: (value) => typeof value === 'boolean' || isDuration(value),
    wants: 'true, false or seconds',
  },
  wrongPassword: { is: (value) => typeof value === 'boolean', wants: 'true or false' },
  timestampJump: { is: (value) => isNumber(value, -MAX_SECONDS, MAX_SECONDS), wants: 'seconds' },
  resolution: { is: (value) => value === 'own' || value === 'other', wants: '"own" or "other"' },
  transport: {
    is: (value) => value === 'any' || value === 'udp-only' || value === 'tcp-only',
    wants: '"any", "udp-only" or "tcp-only"',
  },
};

/** Reads a fault request from JSON text. Throws NightjarError `invalid`. */
export function parseFaults(json: string): FaultRequest {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    throw new NightjarError('invalid', 'camsim/faults', 'Not JSON', {}, error);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new NightjarError('invalid', 'camsim/faults', 'Faults are a JSON object');
  }
  for (const [key, setting] of Object.entries(value)) {
    if (!isFault(key)) {
      const known = Object.keys(CHECKS).join(', ');
      throw new NightjarError('invalid', 'camsim/faults', `No fault "${key}"; there are ${known}`);
    }
    if (!CHECKS[key].is(setting)) {
      throw new NightjarError('invalid', 'camsim/faults', `"${key}" wants ${CHECKS[key].wants}`);
    }
  }
  return value;
}

function isFault(key: string): key is keyof FaultRequest {
  return Object.hasOwn(CHECKS, key);
}

function isNumber(value: unknown, min: number, max: number): boolean {
  return typeof value === 'number' && value >= min && value <= max;
}

function isDuration(value: unknown): boolean {
  return isNumber(value, 0, MAX_SECONDS);
}
