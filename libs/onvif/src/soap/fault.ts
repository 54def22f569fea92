import { NightjarError, type ErrorKind } from '@nightjar/common';
import { NAMESPACES } from '../xml/namespaces.js';
import type { XmlElement } from '../xml/element.js';
import { using, withAttributes, xml, type XmlNode } from '../xml/print-xml.js';
import { parseEnvelope, printEnvelope } from './envelope.js';

/** Who is to blame: the one who asks, or the one who answers. */
export type FaultCode = 'Sender' | 'Receiver';

/** An answer that is a fault. ONVIF Core s.5.8.2. */
export class SoapFault extends NightjarError {
  constructor(
    readonly faultCode: FaultCode,
    /** From the general to the particular, such as `ter:InvalidArgVal`, `ter:NoProfile`. */
    readonly subcodes: readonly `ter:${string}`[],
    reason: string,
    readonly detail?: XmlNode,
  ) {
    super(KINDS[subcodes[0] ?? ''] ?? 'invalid', 'onvif/fault', reason);
  }

  /** HTTP status that goes with it. SOAP 1.2 part 2 s.7.5.2.2. */
  get httpStatus(): 400 | 500 {
    return this.faultCode === 'Sender' ? 400 : 500;
  }

  print(): string {
    const [first = 'ter:WellFormed', ...rest] = this.subcodes;
    const code = xml('s:Code', value(`s:${this.faultCode}`), subcode([first, ...rest]));
    const reason = withAttributes(xml('s:Text', this.message), { 'xml:lang': 'en' });
    return printEnvelope(
      xml('s:Fault', code, xml('s:Reason', reason), this.detail && xml('s:Detail', this.detail)),
    );
  }
}

const KINDS: Readonly<Record<string, ErrorKind>> = {
  'ter:NotAuthorized': 'forbidden',
  'ter:ActionNotSupported': 'unavailable',
  'ter:OutofMemory': 'exhausted',
};

function value(code: string): XmlNode {
  return using(xml('s:Value', code), 's', 'ter');
}

function subcode([first, ...rest]: readonly string[]): XmlNode | undefined {
  return first === undefined ? undefined : xml('s:Subcode', value(first), subcode(rest));
}

/** An argument has a value that does not exist or cannot be. ONVIF Core s.5.8.2.2. */
export function invalidValue(reason: string, ...particular: readonly `ter:${string}`[]): SoapFault {
  return new SoapFault('Sender', ['ter:InvalidArgVal', ...particular], reason);
}

/** An argument is missing or not of its type. */
export function invalidArguments(reason: string): SoapFault {
  return new SoapFault('Sender', ['ter:InvalidArgs'], reason);
}

export function notAuthorized(reason: string): SoapFault {
  return new SoapFault('Sender', ['ter:NotAuthorized'], reason);
}

/** An operation of a service that exists, but not here. ONVIF Core s.5.1.2. */
export function notSupported(operation: string): SoapFault {
  return new SoapFault('Receiver', ['ter:ActionNotSupported'], `${operation} is not supported`);
}

/** The fault that tells a client of an error; the message of one that is our fault is not told. */
export function faultOf(error: unknown): SoapFault {
  if (error instanceof SoapFault) return error;
  if (!(error instanceof NightjarError)) return failure();
  switch (error.kind) {
    case 'protocol':
      return new SoapFault('Sender', ['ter:WellFormed'], error.message);
    case 'invalid':
    case 'not-found':
    case 'conflict':
      return invalidValue(error.message);
    case 'unauthenticated':
    case 'forbidden':
      return notAuthorized(error.message);
    case 'exhausted':
    case 'unavailable':
    case 'cancelled':
    case 'data-loss':
    case 'internal':
      return failure();
  }
}

function failure(): SoapFault {
  return new SoapFault('Receiver', ['ter:Action'], 'temporarily unavailable');
}

/** A fault that was received. */
export interface ReceivedFault {
  readonly code: string;
  /** Local names, from the general to the particular. */
  readonly subcodes: readonly string[];
  /** Untrusted; at most 500 characters. */
  readonly reason: string;
}

const MAX_REASON_CHARS = 500;

/** The fault in the body of a message; undefined when it is none. */
export function receivedFault(body: XmlElement): ReceivedFault | undefined {
  if (!body.is(NAMESPACES.s, 'Fault')) return undefined;
  const subcodes: string[] = [];
  const code = body.child('Code');
  for (let at = code?.child('Subcode'); at !== undefined; at = at.child('Subcode'))
    subcodes.push(localName(at.textAt('Value')));
  const reason = body.textAt('Reason', 'Text') ?? '';
  return {
    code: localName(code?.textAt('Value')),
    subcodes,
    reason: reason.slice(0, MAX_REASON_CHARS),
  };
}

/**
 * The fault in a document; undefined when it holds another message.
 * @throws NightjarError `protocol` for what is no envelope
 */
export function parseFault(document: Uint8Array): ReceivedFault | undefined {
  return receivedFault(parseEnvelope(document).body);
}

function localName(name = ''): string {
  return name.slice(name.lastIndexOf(':') + 1);
}
