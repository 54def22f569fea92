import { NightjarError } from '@nightjar/common';
import type { RtspResponse } from '../messages/index.js';
import type { ClientRequest } from './exchange.js';
import type { PortPair } from './track-transport.js';

/** What a dialogue waits for. */
export type Ask =
  | { readonly ask: 'response'; readonly request: ClientRequest }
  | { readonly ask: 'ports'; readonly index: number };

export type Answer = RtspResponse | { readonly kind: 'ports'; readonly ports: PortPair };

/** A conversation with a server, written as if it could wait. */
export type Dialogue<Result> = Generator<Ask, Result, Answer>;

export function* request(
  method: string,
  uri: string,
  headers: Readonly<Record<string, string>> = {},
): Dialogue<RtspResponse> {
  const answer = yield { ask: 'response', request: { method, uri, headers } };
  if (answer.kind !== 'response') throw unexpected();
  return answer;
}

/** Bound UDP ports for the track with this index. */
export function* ports(index: number): Dialogue<PortPair> {
  const answer = yield { ask: 'ports', index };
  if (answer.kind !== 'ports') throw unexpected();
  return answer.ports;
}

function unexpected(): NightjarError {
  return new NightjarError(
    'internal',
    'rtsp/unexpected-answer',
    'the session got what it did not ask for',
  );
}
