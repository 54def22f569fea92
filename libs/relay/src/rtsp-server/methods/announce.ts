import { Announcement, RTSP_1_0, readAnnouncement } from '@nightjar/rtsp';
import { notAllowed, notInState } from '../answers.js';
import type { Answer } from '../connection.js';
import { parseResource } from '../resource.js';
import type { Exchange, ResourceMethod } from './method.js';

/** RFC 2326 s.10.3, from client to server. RTSP 2.0 has it no more. */
export const announce: ResourceMethod = {
  name: 'ANNOUNCE',
  kind: 'resource',
  states: ['ready'],
  versions: [RTSP_1_0],
  answer: answerAnnounce,
};

async function answerAnnounce(exchange: Exchange): Promise<Answer> {
  const { request, connection, principal, server } = exchange;
  const { resolver, methods, sessions } = server;
  if (resolver.publish === undefined) return notAllowed(methods, announce.name, RTSP_1_0);
  if (request.headers.has('Session')) {
    const session = sessions.of(request, connection, principal);
    if (!announce.states.includes(session.state)) return notInState(methods, session);
  }
  const { path, query, key } = parseResource(request.uri);
  const place = await resolver.publish(path, query, principal);
  const media = readAnnouncement(request);
  connection.announced = {
    announcement: new Announcement(request.uri, media),
    mount: place.announce(media.tracks, connection.peerAddress),
    resource: key,
  };
  return { status: 200 };
}
