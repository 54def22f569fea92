import {
  SetMetadata,
  type CallHandler,
  type CustomDecorator,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import type { Reflector } from '@nestjs/core';
import type { AuditKind, AuditTrail } from '@nightjar/access';
import { tap, type Observable } from 'rxjs';
import type { AuthenticatedRequest } from '../principal.guard.js';

const KIND = 'nightjar:audit';

/** What a route does is written down, once it is done. */
export const Audited = (kind: AuditKind): CustomDecorator => SetMetadata(KIND, kind);

type AuditedRequest = AuthenticatedRequest & {
  readonly params: Record<string, unknown>;
  readonly body?: unknown;
  readonly route?: { readonly path?: unknown };
};

export class AuditInterceptor implements NestInterceptor {
  constructor(
    private readonly trail: AuditTrail,
    private readonly reflector: Reflector,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const kind = this.reflector.get<AuditKind | undefined>(KIND, context.getHandler());
    if (kind === undefined) return next.handle();
    const request = context.switchToHttp().getRequest<AuditedRequest>();
    return next.handle().pipe(tap({ complete: () => this.trail.note(kind, subjectOf(request)) }));
  }
}

function subjectOf({ principal, ip, params, body, query, route }: AuditedRequest) {
  const given: Readonly<Record<string, unknown>> = { ...query, ...(body as object | undefined) };
  const { camera: inBody, cameras, start, end } = given;
  const camera = params['camera'] ?? inBody;
  const data = {
    ...text('route', route?.path),
    ...text('start', start),
    ...text('end', end),
    ...text('cameras', Array.isArray(cameras) ? cameras.map(nameIn).join(' ') : undefined),
  };
  return {
    principal: principal?.name,
    address: ip,
    protocol: 'http' as const,
    camera: typeof camera === 'string' ? camera : undefined,
    data,
  };
}

/** Of one of the cameras of an export. */
function nameIn(entry: unknown): string {
  const { camera } = (entry ?? {}) as { camera?: unknown };
  return typeof camera === 'string' ? camera : '';
}

/** Times as they were validated, or as text. */
function text(name: string, value: unknown): Record<string, string> {
  if (typeof value === 'number') return { [name]: new Date(value).toISOString() };
  return typeof value === 'string' && value !== '' ? { [name]: value.slice(0, 256) } : {};
}
