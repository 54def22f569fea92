import { Catch, HttpException } from '@nestjs/common';
import type { ArgumentsHost, ExceptionFilter } from '@nestjs/common';
import { ACCESS_DENIED, REALM, type AuditTrail } from '@nightjar/access';
import { NightjarError } from '@nightjar/common';
import type { ErrorKind } from '@nightjar/common';
import type { Logger } from '@nightjar/monitoring';
import type { AuthenticatedRequest } from './principal.guard.js';

/** The one table from our errors to HTTP. */
const STATUS: Readonly<Record<ErrorKind, number>> = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  'not-found': 404,
  conflict: 409,
  exhausted: 429,
  unavailable: 503,
  cancelled: 503,
  protocol: 502,
  'data-loss': 500,
  internal: 500,
};

/** How long a client should wait while the database is away, or too many others ask. */
const RETRY_AFTER_SECONDS = 5;

/** Codes of errors beyond our control, whose words help whoever asked. */
const TOLD = /^(footage|discovery)\//;

interface Reply {
  setHeader(name: string, value: string): void;
  status(code: number): { json(body: unknown): void };
}

/** Answers every error as `{ error: { status, code, message } }`; the message of one that is our fault stays in the log. */
@Catch()
export class ErrorFilter implements ExceptionFilter {
  constructor(
    private readonly logger: Logger,
    private readonly trail: AuditTrail,
  ) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const { status, code, message } = this.describe(error);
    if (error instanceof NightjarError && code === ACCESS_DENIED)
      this.noteDenied(error, host.switchToHttp().getRequest<AuthenticatedRequest>());
    const retryAfter = retryAfterOf(error, status);
    const response = host.switchToHttp().getResponse<Reply>();
    if (status === 401)
      response.setHeader('WWW-Authenticate', `Basic realm="${REALM}", charset="UTF-8"`);
    if (retryAfter !== undefined) response.setHeader('Retry-After', String(retryAfter));
    response.status(status).json({ error: { status, code, message } });
  }

  private noteDenied({ where }: NightjarError, request: AuthenticatedRequest): void {
    const { action, camera } = where;
    this.trail.note('denied', {
      principal: request.principal?.name,
      address: request.ip,
      protocol: 'http',
      camera: camera === undefined ? undefined : String(camera),
      data: { action: String(action) },
    });
  }

  private describe(error: unknown): { status: number; code: string; message: string } {
    if (error instanceof HttpException)
      return { status: error.getStatus(), code: 'http/request', message: messageOfHttp(error) };
    if (error instanceof NightjarError && STATUS[error.kind] < 500)
      return { status: STATUS[error.kind], code: error.code, message: error.message };
    const status = error instanceof NightjarError ? STATUS[error.kind] : 500;
    // What footage misses is for whoever asked: a volume, or a program. So is what a device does wrong.
    if (error instanceof NightjarError && TOLD.test(error.code) && status !== 500)
      return { status, code: error.code, message: error.message };
    this.logger.error({ err: error }, 'a request failed');
    return {
      status,
      code: error instanceof NightjarError ? error.code : 'http/internal',
      message: status === 503 ? 'temporarily unavailable' : 'internal error',
    };
  }
}

/** Seconds; what the error says, or a little where there is something to wait for. */
function retryAfterOf(error: unknown, status: number): string | number | undefined {
  if (error instanceof NightjarError && error.where['retryAfterSeconds'] !== undefined)
    return error.where['retryAfterSeconds'];
  return status === 503 || status === 429 ? RETRY_AFTER_SECONDS : undefined;
}

/** Validation puts its findings into the response, others a text. */
function messageOfHttp(error: HttpException): string {
  const response = error.getResponse();
  if (typeof response === 'string' || !('message' in response)) return error.message;
  return Array.isArray(response.message) ? response.message.join('; ') : String(response.message);
}
