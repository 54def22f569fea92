import { RTSP_2_0, printSdp } from '@nightjar/rtsp';
import type { Answer } from '../connection.js';
import { matches, tagOf } from '../description-tag.js';
import { requiredOf } from '../features.js';
import type { Mount, MountDescription } from '../mount.js';
import { parseResource, trackControl, type Resource } from '../resource.js';
import { nameOfGroup } from '../multicast-groups.js';
import { streamKeys } from '../srtp/told-keys.js';
import { sharedName } from '../track-transport.js';
import type { Exchange, ResourceMethod } from './method.js';

/** RFC 2326 s.10.2, RFC 7826 s.13.2. */
export const describe: ResourceMethod = {
  name: 'DESCRIBE',
  kind: 'resource',
  states: ['ready', 'playing', 'recording'],
  answer: answerDescribe,
};

async function answerDescribe(exchange: Exchange): Promise<Answer> {
  const { request, version, principal, server } = exchange;
  const accept = request.headers.get('Accept');
  if (accept !== undefined && !/application\/(sdp|\*)|\*\/\*/i.test(accept)) return { status: 406 };
  const resource = parseResource(request.uri);
  const mount = await server.resolver.resolve(resource.path, resource.query, principal);
  const required = requiredOf(request, mount);
  // Before a camera is connected for a reader who will be refused.
  server.limits?.requireRoom(mount, server.sessions.book);
  const description = await mount.describe(required);
  server.limits?.requireBandwidth(mount, server.sessions.book);
  exchange.connection.described = { resource: resource.key, required };
  const tag = tagOf(description);
  if (matches(request.headers.get('If-None-Match'), tag))
    return { status: 304, headers: { MTag: tag } };
  const sdp = printSdp({
    sessionId: description.sessionId,
    sessionVersion: description.sessionVersion,
    name: description.name,
    ...(description.range === undefined ? {} : { range: description.range }),
    ...(version === RTSP_2_0 ? { attributes: [`mtag:${tag}`] } : {}),
    ...whereToListen(exchange, resource, mount, description),
  });
  return {
    status: 200,
    headers: {
      'Content-Base': `${resource.aggregateUrl}/`,
      'Content-Type': 'application/sdp',
      'Cache-Control': 'no-cache',
      ...(version === RTSP_2_0 ? { MTag: tag } : {}),
    },
    body: Buffer.from(sdp, 'utf8'),
  };
}

/** Tracks of an SDP, with group and ports where the client asked for those, and with keys where it may have them. */
function whereToListen(
  { connection, server }: Exchange,
  resource: Resource,
  mount: Mount,
  { tracks }: MountDescription,
): Pick<Parameters<typeof printSdp>[0], 'multicast' | 'tracks'> {
  const stream = resource.multicastOnly ? sharedName(server, mount, connection) : undefined;
  const keys = streamKeys(server, connection, resource.key, mount);
  const groupTracks = tracks.map((_, track) =>
    stream === undefined
      ? undefined
      : server.groups?.track(nameOfGroup(stream, keys?.groupId), track),
  );
  const [first] = groupTracks;
  return {
    ...(first === undefined ? {} : { multicast: first }),
    tracks: tracks.map(({ format, attributes = [], ssrc }, track) => ({
      format,
      attributes,
      keyMgmt: keys?.attributeOf(ssrc),
      control: trackControl(resource, track),
      port: groupTracks[track]?.ports[0] ?? 0,
    })),
  };
}
