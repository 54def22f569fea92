import { messageOf, NightjarError } from '@nightjar/common';
import type { ErrorKind } from '@nightjar/common';

/** System errors of a connection that cannot be made or broke. */
const CONNECTION_ERRNO = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ENOENT',
]);
/** pg and TypeORM report these without a code. */
const CONNECTION_MESSAGE =
  /connection terminated|connection (ended|error)|not queryable|timeout exceeded|query read timeout|already released|pool after calling end/i;

/** SQLSTATE class -> kind; PostgreSQL manual, appendix A. */
const KIND_OF_CLASS: Readonly<Record<string, ErrorKind>> = {
  '08': 'unavailable', // connection exception
  '53': 'unavailable', // insufficient resources
  '57': 'unavailable', // operator intervention: shutting down, starting up
  '58': 'unavailable', // system error
  '40': 'conflict', // serialization, deadlock
  '55': 'conflict', // object in use, lock not available
  '23': 'conflict', // integrity constraint
  '22': 'invalid', // data exception
  '28': 'unauthenticated', // invalid authorization
};

/** What a table or a column that is missing nearly always means. */
const NO_SCHEMA =
  'no catalog of this version is there yet: start Nightjar, which makes it, or run: nightjar migrate';
const HINTS: Readonly<Record<string, string>> = { '42P01': NO_SCHEMA, '42703': NO_SCHEMA };

/** Whatever pg or TypeORM threw, as an error of ours. The message never holds the connection URL. */
export function databaseError(error: unknown): NightjarError {
  if (error instanceof NightjarError) return error;
  const cause = firstOf(error);
  const kind = kindOf(cause);
  const hint = HINTS[codeOf(cause)];
  return new NightjarError(
    kind,
    `catalog/database-${kind}`,
    `database: ${messageOf(cause)}${hint === undefined ? '' : ` (${hint})`}`,
    {},
    error,
  );
}

/** A refused connection to a name with several addresses comes as an AggregateError without a message. */
function firstOf(error: unknown): unknown {
  const several =
    typeof error === 'object' && error !== null && 'errors' in error && Array.isArray(error.errors);
  return several ? ((error.errors as unknown[])[0] ?? error) : error;
}

function codeOf(cause: unknown): string {
  return typeof cause === 'object' && cause !== null && 'code' in cause ? String(cause.code) : '';
}

function kindOf(cause: unknown): ErrorKind {
  const code = codeOf(cause);
  if (CONNECTION_ERRNO.has(code)) return 'unavailable';
  const byClass = code.length === 5 ? KIND_OF_CLASS[code.slice(0, 2)] : undefined;
  if (byClass !== undefined) return byClass;
  return CONNECTION_MESSAGE.test(messageOf(cause)) ? 'unavailable' : 'internal';
}
