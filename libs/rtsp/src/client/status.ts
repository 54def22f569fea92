import type { RtspResponse } from '../messages/index.js';
import type { ClientEnd, ClientFailure } from './client-output.js';
import type { HandshakeContext } from './handshake-context.js';
import { redirectTarget } from './redirect.js';

const REASON_TEXT_MAX = 64;

/** Statuses by which servers refuse the transport of a SETUP; RFC 2326 asks for 461, the others are found in the field. */
const TRANSPORT_REFUSALS: ReadonlySet<number> = new Set([400, 406, 415, 461, 462, 501]);

export function refusesTransport(response: RtspResponse): boolean {
  return TRANSPORT_REFUSALS.has(response.status);
}

export function succeeded(response: RtspResponse): boolean {
  return response.status >= 200 && response.status < 300;
}

/** `DESCRIBE: 404 Not Found`, free of control characters. */
export function describeAnswer(method: string, response: RtspResponse): string {
  const reason = response.reason.replace(/[^\x20-\x7e]/g, '?').slice(0, REASON_TEXT_MAX);
  return `${method}: ${response.status} ${reason}`.trimEnd();
}

/** How a session ends because of this response, or undefined when it may go on. */
export function endBy(
  method: string,
  { url: requestUrl, redirectHosts }: Pick<HandshakeContext, 'url' | 'redirectHosts'>,
  response: RtspResponse,
): ClientEnd | undefined {
  if (succeeded(response)) return undefined;
  const detail = describeAnswer(method, response);
  const location = response.headers.get('Location');
  if (response.status >= 300 && response.status < 400 && location !== undefined) {
    const url = redirectTarget(requestUrl, location, redirectHosts);
    if (url !== undefined) return { kind: 'redirected', url };
    return {
      kind: 'failed',
      reason: 'refused',
      detail: `${detail}, to another host or out of TLS`,
    };
  }
  return { kind: 'failed', reason: reasonOf(response.status), detail };
}

function reasonOf(status: number): ClientFailure {
  switch (status) {
    case 401:
    case 403:
    case 407:
      return 'unauthorized';
    case 404:
    case 410:
      return 'not-found';
    case 408:
    case 504:
      return 'timeout';
    default:
      return 'refused';
  }
}
