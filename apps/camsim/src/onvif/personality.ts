import { NightjarError } from '@nightjar/common';

/** How the ONVIF side of a camera is, and what is wrong with it. All keys are optional. */
export interface Personality {
  readonly manufacturer: string;
  readonly model: string;
  readonly firmware: string;
  /** Seconds that its clock is ahead. */
  readonly clockSkew: number;
  /** Host and port that it believes to have, as behind NAT; its discovery tells of it before the right one. */
  readonly wrongXAddr: string | undefined;
  readonly media2: boolean;
  readonly ptz: boolean;
  readonly topics: TopicStyle;
  /** How a boolean is written in events. */
  readonly booleans: 'true' | 'True' | '1';
  /** `any`: HTTP Digest or UsernameToken. */
  readonly login: 'any' | 'digest' | 'token' | 'none';
  /** So many wrong logins, and nobody gets in for a minute; 0 = never. */
  readonly lockOutAfter: number;
  /** Another simulated camera that is its second, smaller stream. */
  readonly sub: string | undefined;
  /** Serial number; follows from the name unless given. */
  readonly serial: string | undefined;
  readonly discoverable: boolean;
  /** `ignore`: settings of encoders are taken with thanks, and nothing comes of it. */
  readonly encoders: 'set' | 'ignore';
}

export const TOPIC_STYLES = ['alarm', 'cell', 'region', 'reolink', 'tapo', 'axis'] as const;
export type TopicStyle = (typeof TOPIC_STYLES)[number];

export const DEFAULT_PERSONALITY: Personality = {
  manufacturer: 'Nightjar',
  model: 'camsim',
  firmware: '1.0.0',
  clockSkew: 0,
  wrongXAddr: undefined,
  media2: true,
  ptz: false,
  topics: 'alarm',
  booleans: 'true',
  login: 'any',
  lockOutAfter: 0,
  sub: undefined,
  serial: undefined,
  discoverable: true,
  encoders: 'set',
};

type Check = { readonly is: (value: unknown) => boolean; readonly wants: string };

const text: Check = {
  is: (value) => typeof value === 'string' && value.length > 0 && value.length <= 64,
  wants: 'a text',
};
const truth: Check = { is: (value) => typeof value === 'boolean', wants: 'true or false' };
const oneOf = (values: readonly string[]): Check => ({
  is: (value) => typeof value === 'string' && values.includes(value),
  wants: `one of ${values.join(', ')}`,
});

const CHECKS: Readonly<Record<keyof Personality, Check>> = {
  manufacturer: text,
  model: text,
  firmware: text,
  clockSkew: { is: (value) => Number.isSafeInteger(value), wants: 'whole seconds' },
  wrongXAddr: text,
  media2: truth,
  ptz: truth,
  topics: oneOf(TOPIC_STYLES),
  booleans: oneOf(['true', 'True', '1']),
  login: oneOf(['any', 'digest', 'token', 'none']),
  lockOutAfter: {
    is: (value) => Number.isSafeInteger(value) && (value as number) >= 0,
    wants: 'a number',
  },
  sub: text,
  serial: text,
  discoverable: truth,
  encoders: oneOf(['set', 'ignore']),
};

/** Reads a personality from JSON text. Throws NightjarError `invalid`. */
export function parsePersonality(json: string): Partial<Personality> {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    throw invalid('not JSON', error);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw invalid('a personality is a JSON object');
  for (const [key, setting] of Object.entries(value)) {
    const check = Object.hasOwn(CHECKS, key) ? CHECKS[key as keyof Personality] : undefined;
    if (check === undefined)
      throw invalid(`no "${key}"; there are ${Object.keys(CHECKS).join(', ')}`);
    if (!check.is(setting)) throw invalid(`"${key}" wants ${check.wants}`);
  }
  return value;
}

function invalid(message: string, cause?: unknown): NightjarError {
  return new NightjarError('invalid', 'camsim/personality', message, {}, cause);
}
