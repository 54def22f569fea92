import { requireAccess, type AccessPolicy, type Principal } from '@nightjar/access';
import { NightjarError, type Clock } from '@nightjar/common';
import { PublishMount } from '../publish/publish-mount.js';
import type { Mount, MountResolver, PublishPlace, ReaderTransport } from '../rtsp-server/mount.js';
import { LiveMount } from './live-mount.js';
import type { StreamRates } from '../limits/stream-rates.js';
import type { Relay } from './relay.js';
import type { RelayStream } from './relay-stream.js';
import { DEFAULT_STREAM, namedStream } from './stream-name.js';

/** Streams that an answer names. */
const MAX_NAMED_STREAMS = 8;

export interface LiveResolverOptions {
  readonly relay: Relay;
  readonly policy: AccessPolicy;
  readonly clock: Clock;
  readonly startTimeoutMs: number;
  readonly maxQueueBytes: number;
  readonly rates?: StreamRates;
  /** What one reader gets at most; asked for each. */
  readonly maxReaderBytesPerSecond?: () => number | undefined;
  readonly onSkip: (camera: string, stream: string, transport: ReaderTransport) => void;
  readonly onCut: (
    camera: string,
    stream: string,
    transport: ReaderTransport,
    reason: string,
  ) => void;
  readonly onReaders: (
    camera: string,
    stream: string,
    transport: ReaderTransport,
    change: 1 | -1,
  ) => void;
}

/** `<camera>`, `<camera>/<stream>` and `<camera>?stream=<stream>`. */
export class LiveResolver implements MountResolver {
  constructor(private readonly options: LiveResolverOptions) {}

  // eslint-disable-next-line typescript/require-await -- refusals must arrive as rejections
  async resolve(
    path: string,
    query: URLSearchParams,
    principal: Principal | undefined,
  ): Promise<Mount> {
    const { clock, startTimeoutMs, maxQueueBytes, onSkip, onCut, onReaders } = this.options;
    const found = this.find(path, query, principal, 'view');
    const { camera, stream, talk } = found;
    const { policy } = this.options;
    return new LiveMount({
      camera,
      bytesPerSecond: () => this.options.rates?.of(found),
      maxBytesPerSecond: this.options.maxReaderBytesPerSecond?.(),
      ...this.options.relay.view(found),
      name: stream === DEFAULT_STREAM ? camera : `${camera} ${stream}`,
      sessionId: String(stableNumber(`${camera}/${stream}`)),
      startTimeoutMs,
      maxQueueBytes,
      clock,
      onSkip: (transport) => onSkip(camera, stream, transport),
      observer: {
        traffic: found.traffic,
        cut: (transport, reason) => onCut(camera, stream, transport, reason),
      },
      onReaders: (transport, change) => onReaders(camera, stream, transport, change),
      talk: talk && {
        desk: talk,
        user: principal?.name,
        requireAllowed: () => requireAccess(policy, principal, 'talk', camera),
      },
    });
  }

  // eslint-disable-next-line typescript/require-await -- refusals must arrive as rejections
  async publish(
    path: string,
    query: URLSearchParams,
    principal: Principal | undefined,
  ): Promise<PublishPlace> {
    if (this.options.policy.anonymousAllowed)
      throw mayNotPublish('Publishing needs the login of a user, and no users are configured');
    const { camera, stream, publication } = this.find(path, query, principal, 'publish');
    if (publication === undefined)
      throw mayNotPublish(`Stream ${stream} of ${camera} is fetched from its camera`);
    return {
      announce: (tracks, address) => {
        publication.requireFree(address);
        return new PublishMount(publication, tracks, address, camera);
      },
    };
  }

  /** @throws NightjarError for who may not, and when there is no such stream */
  private find(
    path: string,
    query: URLSearchParams,
    principal: Principal | undefined,
    action: 'view' | 'publish',
  ): RelayStream {
    const { relay, policy } = this.options;
    const [camera = '', inPath, ...rest] = path.split('/');
    requireAccess(policy, principal, action, camera);
    const stream = namedStream(inPath, query) ?? DEFAULT_STREAM;
    const found = rest.length === 0 ? relay.get(camera, stream) : undefined;
    if (found === undefined) throw noSuchStream(camera, relay.streamsOf(camera));
    return found;
  }
}

/** To be told to those only who may see the camera. */
function noSuchStream(camera: string, streams: readonly string[]): NightjarError {
  const reason =
    streams.length === 0
      ? 'No such camera'
      : `No such stream: ${camera} has ${streams.slice(0, MAX_NAMED_STREAMS).join(', ')}`;
  return new NightjarError('not-found', 'relay/no-such-stream', reason, { reason });
}

function mayNotPublish(reason: string): NightjarError {
  return new NightjarError('forbidden', 'relay/not-published', reason, { reason });
}

/** FNV-1a: the same `o=` session id for the same mount, also after a restart. */
function stableNumber(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++)
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193) >>> 0;
  return hash;
}
