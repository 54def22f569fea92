import { NightjarError } from '@nightjar/common';

const TIMEOUT = /^\s*timeout\s*=\s*"?(\d{1,6})"?\s*$/i;

/** Session header. RFC 2326 s.12.37. */
export interface SessionHeader {
  /** Opaque. */
  readonly id: string;
  /** Seconds, at least 1; undefined when not given (the default is 60). */
  readonly timeoutSeconds: number | undefined;
}

/**
 * The id is whatever stands before the first `;`. A timeout of 0 counts as none given.
 * @throws NightjarError `protocol` with `where.status` 400 when there is no id.
 */
export function parseSession(value: string): SessionHeader {
  const [first = '', ...parameters] = value.split(';');
  const id = first.trim();
  if (id === '') {
    throw new NightjarError('protocol', 'rtsp/session', 'Session header without an id', {
      status: 400,
    });
  }
  const digits = parameters.map((one) => TIMEOUT.exec(one)?.[1]).find((one) => one !== undefined);
  return { id, timeoutSeconds: digits === undefined ? undefined : Number(digits) || undefined };
}

export function printSession(session: SessionHeader): string {
  return session.timeoutSeconds === undefined
    ? session.id
    : `${session.id};timeout=${session.timeoutSeconds}`;
}
