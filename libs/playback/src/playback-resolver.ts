import { requireAccess, type AccessPolicy, type Principal } from '@nightjar/access';
import { NightjarError, type Clock } from '@nightjar/common';
import type { Archive } from '@nightjar/recording';
import {
  BlockPool,
  DEFAULT_STREAM,
  namedStream,
  type Mount,
  type MountResolver,
} from '@nightjar/relay';
import { PlaybackMount, spanOf } from './playback-mount.js';
import { Turns } from './turns.js';

export interface PlaybackResolverOptions {
  readonly archive: Archive;
  readonly policy: AccessPolicy;
  readonly clock: Clock;
  readonly cname: string;
  /** The stream that a camera's recordings are of, if it is declared; a camera that was removed still has footage. */
  readonly recordedStream: (camera: string) => string | undefined;
  readonly onError: (camera: string, error: unknown) => void;
  readonly onSessions: (change: 1 | -1) => void;
}

/** `<camera>[/<stream>]?stream=<stream>&start=<RFC 3339>&end=<RFC 3339>&gaps=skip|real`, below `/playback`. */
export class PlaybackResolver implements MountResolver {
  private readonly turns = new Turns();
  private readonly blocks = new BlockPool();

  constructor(private readonly options: PlaybackResolverOptions) {}

  // eslint-disable-next-line typescript/require-await -- refusals must arrive as rejections
  async resolve(
    path: string,
    query: URLSearchParams,
    principal: Principal | undefined,
  ): Promise<Mount> {
    const { archive, policy, clock, cname, recordedStream, onError, onSessions } = this.options;
    const [camera = '', inPath, ...rest] = path.split('/');
    const startMs = instant(query, 'start');
    const endMs = instant(query, 'end');
    requireAccess(policy, principal, 'playback', camera, spanOf(startMs, endMs));
    const stream = namedStream(inPath, query) ?? recordedStream(camera) ?? DEFAULT_STREAM;
    if (rest.length > 0 || !isName(camera) || !isName(stream)) {
      throw new NightjarError('not-found', 'playback/no-such-recording', 'no such recording');
    }
    if (startMs !== undefined && endMs !== undefined && endMs <= startMs) {
      throw new NightjarError('invalid', 'playback/range', 'end must be after start');
    }
    return new PlaybackMount({
      archive,
      camera,
      stream,
      startMs,
      endMs,
      gaps: gapsOf(query),
      clock,
      turns: this.turns,
      blocks: this.blocks,
      cname,
      onError: (error) => onError(camera, error),
      onSessions,
    });
  }
}

/** @throws NightjarError 'invalid' when the value is none of those */
function gapsOf(query: URLSearchParams): 'skip' | 'real' {
  const gaps = query.get('gaps') ?? 'skip';
  if (gaps === 'skip' || gaps === 'real') return gaps;
  throw new NightjarError('invalid', 'playback/gaps', 'gaps must be skip or real');
}

const RFC_3339 = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/;

/** @throws NightjarError 'invalid' when the value is no RFC 3339 time */
function instant(query: URLSearchParams, name: string): number | undefined {
  // A plus sign that was not percent-encoded arrives as a space: it was that of a time zone.
  const text = query.get(name)?.replace(/ (\d\d:\d\d)$/, '+$1');
  if (text === undefined) return undefined;
  const ms = RFC_3339.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(ms)) {
    throw new NightjarError(
      'invalid',
      'playback/time',
      `${name} must be a time such as 2026-01-31T12:00:00Z`,
    );
  }
  return ms;
}

function isName(text: string): boolean {
  return /^[a-z0-9][a-z0-9-]{0,62}$/.test(text);
}
