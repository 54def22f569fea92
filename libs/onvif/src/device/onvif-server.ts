import { NightjarError } from '@nightjar/common';
import { faultOf, notAuthorized, notSupported, SoapFault } from '../soap/fault.js';
import { parseEnvelope, printEnvelope, type Envelope } from '../soap/envelope.js';
import { parseUsernameToken, type UsernameToken } from '../security/username-token.js';
import { NAMESPACES } from '../xml/namespaces.js';
import { xml, type XmlNode } from '../xml/print-xml.js';
import type { XmlLimits } from '../xml/guard-xml.js';
import type { AccessClass, Call, Operation, Service } from './operation.js';

/** A request as HTTP brought it. */
export interface OnvifRequest<C> extends Pick<Call<C>, 'origin' | 'path' | 'signal'> {
  readonly document: Uint8Array;
  readonly gate: Gate<C>;
}

/** Who asks, and what they may do. */
export interface Gate<C> {
  /**
   * Who sent this request, by what HTTP says and, if that says nothing, by the token.
   * @throws NightjarError `unauthenticated`: they should log in (HTTP 401); `forbidden`: that login is wrong; `exhausted` with
   * `where.retryAfterSeconds`: they have to wait (HTTP 429)
   */
  identify(token: UsernameToken | undefined): C | Promise<C>;
  /** Who is asked nothing: operations of PRE_AUTH answer everybody. */
  readonly nobody: C;
  allows(caller: C, access: AccessClass): boolean;
}

export interface OnvifAnswer {
  /** HTTP status; 401 wants a challenge. */
  readonly status: number;
  readonly document: string;
  /** When who has to wait may ask again. */
  readonly retryAfterSeconds?: number;
  /** What went wrong, for a log; undefined when nothing did. */
  readonly error?: unknown;
}

/** Requests have few arguments; what is longer is no request. */
const LIMITS: XmlLimits = { maxBytes: 64 * 1024, maxDepth: 24, maxElements: 1000 };

/** Largest body that is looked at; HTTP should not read more. */
export const MAX_REQUEST_BYTES = LIMITS.maxBytes;

/** Answers SOAP requests by the services of a device. Knows no transport: documents go in and come out. */
export class OnvifServer<C> {
  private readonly operations = new Map<string, Readonly<Record<string, Operation<C>>>>();

  constructor(services: readonly Service<C>[]) {
    for (const { prefix, operations, foreign = {} } of services) {
      this.operations.set(NAMESPACES[prefix], operations);
      for (const [namespace, table] of Object.entries(foreign))
        this.operations.set(namespace, table);
    }
  }

  async answer(request: OnvifRequest<C>): Promise<OnvifAnswer> {
    try {
      return { status: 200, document: await this.run(request) };
    } catch (error) {
      if (error instanceof NightjarError && error.kind === 'unauthenticated')
        return { status: 401, document: notAuthorized(error.message).print() };
      const retryAfterSeconds = waitOf(error);
      if (retryAfterSeconds !== undefined)
        return { status: 429, retryAfterSeconds, document: faultOf(error).print(), error };
      const fault = faultOf(error);
      return { status: fault.httpStatus, document: fault.print(), error };
    }
  }

  private async run({ document, gate, ...where }: OnvifRequest<C>): Promise<string> {
    const envelope = parseEnvelope(document, LIMITS);
    const operation = this.operationOf(envelope);
    const caller = await admit(gate, operation.access, envelope);
    const { body: request, headers } = envelope;
    const answer = await operation.answer({ ...where, request, headers, caller });
    return printEnvelope(answer, headersOf(operation, envelope));
  }

  private operationOf({ body: { namespace, name } }: Envelope): Operation<C> {
    const table = this.operations.get(namespace);
    if (table === undefined)
      throw new SoapFault('Sender', ['ter:UnknownAction'], `no service knows ${name}`);
    const operation = Object.hasOwn(table, name) ? table[name] : undefined;
    if (operation === undefined) throw notSupported(name);
    return operation;
  }
}

async function admit<C>(gate: Gate<C>, access: AccessClass, { headers }: Envelope): Promise<C> {
  if (access === 'PRE_AUTH') return gate.nobody;
  const caller = await gate.identify(parseUsernameToken(headers));
  if (!gate.allows(caller, access)) throw notAuthorized('you may not do this');
  return caller;
}

function waitOf(error: unknown): number | undefined {
  if (!(error instanceof NightjarError) || error.kind !== 'exhausted') return undefined;
  const seconds = Number(error.where['retryAfterSeconds']);
  return Number.isFinite(seconds) ? seconds : undefined;
}

function headersOf<C>({ action }: Operation<C>, { headers }: Envelope): XmlNode[] {
  if (action === undefined) return [];
  const messageId = headers.find(({ name }) => name === 'MessageID')?.text.trim();
  return [
    xml('wsa:Action', action),
    ...(messageId === undefined ? [] : [xml('wsa:RelatesTo', messageId)]),
  ];
}
