import { printSdp } from '@nightjar/rtsp';
import type { Answer } from '../connection.js';
import { requiredOf } from '../features.js';
import type { Mount, MountDescription } from '../mount.js';
import { parseResource, trackControl, type Resource } from '../resource.js';
import { sharedName } from '../track-transport.js';
import type { Exchange, ResourceMethod, ServerContext } from './method.js';

/** RFC 2326 s.10.2. */
export const describe: ResourceMethod = {
  name: 'DESCRIBE',
  kind: 'resource',
  states: ['ready', 'playing'],
  answer: answerDescribe,
};

async function answerDescribe({ request, principal, server }: Exchange): Promise<Answer> {
  const accept = request.headers.get('Accept');
  if (accept !== undefined && !/application\/(sdp|\*)|\*\/\*/i.test(accept)) return { status: 406 };
  const resource = parseResource(request.uri);
  const mount = await server.resolver.resolve(resource.path, resource.query, principal);
  const required = requiredOf(request, mount);
  const description = await mount.describe(required);
  const sdp = printSdp({
    sessionId: description.sessionId,
    sessionVersion: description.sessionVersion,
    name: description.name,
    ...(description.range === undefined ? {} : { range: description.range }),
    ...whereToListen(server, resource, mount, description),
  });
  return {
    status: 200,
    headers: {
      'Content-Base': `${resource.aggregateUrl}/`,
      'Content-Type': 'application/sdp',
      'Cache-Control': 'no-cache',
    },
    body: Buffer.from(sdp, 'utf8'),
  };
}

/** Tracks of an SDP, with group and ports where the client asked for those. */
function whereToListen(
  { groups }: ServerContext,
  resource: Resource,
  mount: Mount,
  { tracks }: MountDescription,
): Pick<Parameters<typeof printSdp>[0], 'multicast' | 'tracks'> {
  const stream = resource.multicastOnly ? sharedName(groups, mount) : undefined;
  const groupTracks = tracks.map((_, track) =>
    stream === undefined ? undefined : groups?.track(stream, track),
  );
  const [first] = groupTracks;
  return {
    ...(first === undefined ? {} : { multicast: first }),
    tracks: tracks.map(({ format, attributes = [] }, track) => ({
      format,
      attributes,
      control: trackControl(resource, track),
      port: groupTracks[track]?.ports[0] ?? 0,
    })),
  };
}
