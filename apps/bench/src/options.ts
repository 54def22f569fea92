import { parseArgs } from 'node:util';
import { parsePeer, type Peer } from './peers.js';

export interface Options {
  /** Names of the cases to run, none for the default ones. */
  readonly cases: readonly string[];
  readonly peers: readonly Peer[];
  /** File for the figures as JSON. */
  readonly json: string | undefined;
  /** For cases that can be of any length. */
  readonly minutes: number | undefined;
  /** For cases over archives: so many segments, however long making them takes. */
  readonly segments: number | undefined;
  /** Only tell which cases there are. */
  readonly list: boolean;
}

/** Reads the command line. @throws Error when it cannot be followed, with a message for the user */
export function parseOptions(args: readonly string[], known: readonly string[]): Options {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      json: { type: 'string' },
      minutes: { type: 'string' },
      segments: { type: 'string' },
      list: { type: 'boolean', default: false },
      peer: { type: 'string', multiple: true, default: [] },
    },
  });
  const unknown = positionals.filter((name) => !known.includes(name));
  if (unknown.length > 0)
    throw new Error(`no such case: ${unknown.join(', ')}; there are ${known.join(', ')}`);
  const minutes = values.minutes === undefined ? undefined : Number(values.minutes);
  if (minutes !== undefined && !(minutes > 0))
    throw new Error(`--minutes wants a positive number, not "${values.minutes}"`);
  const segments = values.segments === undefined ? undefined : Number(values.segments);
  if (segments !== undefined && !(Number.isInteger(segments) && segments >= 1_000))
    throw new Error(`--segments wants a whole number of at least 1000, not "${values.segments}"`);
  const peers = values.peer.map(parsePeer);
  return { cases: positionals, peers, json: values.json, minutes, segments, list: values.list };
}
