import type { LoggerService } from '@nestjs/common';
import type { Logger } from './logger.js';

/** Sends Nest's own log lines through ours: `NestFactory.create(Module, { logger: new NestLogger(logger) })`. */
export class NestLogger implements LoggerService {
  constructor(private readonly logger: Logger) {}

  log(message: unknown, ...rest: unknown[]): void {
    // Nest reports every module and route at this level; to an operator that is noise.
    write(this.logger, 'debug', message, rest);
  }

  error(message: unknown, ...rest: unknown[]): void {
    write(this.logger, 'error', message, rest);
  }

  warn(message: unknown, ...rest: unknown[]): void {
    write(this.logger, 'warn', message, rest);
  }

  debug(message: unknown, ...rest: unknown[]): void {
    write(this.logger, 'debug', message, rest);
  }

  verbose(message: unknown, ...rest: unknown[]): void {
    write(this.logger, 'debug', message, rest);
  }

  fatal(message: unknown, ...rest: unknown[]): void {
    write(this.logger, 'error', message, rest);
  }
}

/** Nest gives the context as last argument and, with errors, a stack before it. */
function write(
  logger: Logger,
  level: 'debug' | 'warn' | 'error',
  message: unknown,
  rest: readonly unknown[],
): void {
  const texts = rest.filter((part) => typeof part === 'string');
  const fields = {
    ...(texts.length > 0 ? { context: texts.at(-1) } : {}),
    ...(texts.length > 1 ? { stack: texts[0] } : {}),
  };
  if (message instanceof Error) logger[level]({ ...fields, err: message });
  else logger[level](fields, typeof message === 'string' ? message : JSON.stringify(message));
}
