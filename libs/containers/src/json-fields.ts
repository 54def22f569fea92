import { NightjarError } from '@nightjar/common';

function wrong(what: string): NightjarError {
  return new NightjarError('protocol', 'containers/json', what);
}

/** UTF-8 JSON, or NightjarError `containers/json`. */
export function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw new NightjarError('protocol', 'containers/json', 'not JSON', {}, error);
  }
}

export function object(value: unknown, name: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw wrong(`${name} is not an object`);
  return value as Record<string, unknown>;
}

export function text(value: Record<string, unknown>, key: string): string {
  const field = value[key];
  if (typeof field !== 'string') throw wrong(`${key} is not a string`);
  return field;
}

export function integer(
  value: Record<string, unknown>,
  key: string,
  max = Number.MAX_SAFE_INTEGER,
  min = 0,
): number {
  const field = value[key];
  if (typeof field !== 'number' || !Number.isSafeInteger(field) || field < min || field > max) {
    throw wrong(`${key} is not an integer from ${min} to ${max}`);
  }
  return field;
}

export function list(value: Record<string, unknown>, key: string): unknown[] {
  const field = value[key];
  if (!Array.isArray(field)) throw wrong(`${key} is not a list`);
  return field;
}
