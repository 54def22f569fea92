import { pino } from 'pino';
import { pinoPretty } from './pretty.js';
import { scrubJsonLine } from './scrub.js';

export interface LogMethod {
  /** Fields first; fixed keys are camera, track, session, segment, job, err, durMs. */
  (fields: object, message?: string): void;
  (message: string): void;
}

/** What our code needs of a logger; info = a state change an operator acts on, nothing per packet. */
export interface Logger {
  readonly debug: LogMethod;
  readonly info: LogMethod;
  readonly warn: LogMethod;
  readonly error: LogMethod;
  /** A logger that adds `fields` to every line. */
  child(fields: object): Logger;
}

export interface LoggerOptions {
  readonly role: string;
  /** Stand in every line, beside the role. */
  readonly fields?: Readonly<Record<string, string>> | undefined;
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  /** `auto`: pretty on a terminal, JSON elsewhere. */
  readonly format: 'auto' | 'json' | 'pretty';
  /** Where lines go; standard output unless told otherwise. */
  readonly destination?: { write(line: string): void };
}

/** JSON lines (or pretty ones), each scrubbed of credentials just before it is written. */
export function createLogger(options: LoggerOptions): Logger {
  const pretty = options.format === 'pretty' || (options.format === 'auto' && process.stdout.isTTY);
  const sink = options.destination ?? pino.destination(1);
  return pino(
    {
      level: options.level,
      base: { role: options.role, ...options.fields },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      hooks: { streamWrite: scrubJsonLine },
    },
    pretty ? pinoPretty(options.destination) : sink,
  );
}
