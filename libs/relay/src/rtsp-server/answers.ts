import type { RtspVersion } from '@nightjar/rtsp';
import type { Answer } from './connection.js';
import type { MethodList } from './methods/method.js';
import type { RtspSession } from './session.js';

/** 455, with the methods that are valid now. */
export function notInState(methods: MethodList, session: RtspSession): Answer {
  return {
    status: 455,
    headers: { Session: session.id, Allow: methods.allowedIn(session.state, session.version) },
  };
}

/** 456 for a time that does not apply to what is played, with the units that do. RFC 7826 s.17.4.20. */
export function notInUnits(session: RtspSession): Answer {
  return {
    status: 456,
    headers: { Session: session.id, 'Accept-Ranges': session.media.units.join(', ') },
  };
}

/** 460: tracks that were set up together play and pause together. RFC 2326 s.11.3.11. */
export function aggregateOnly(session: RtspSession): Answer {
  return { status: 460, headers: { Session: session.id } };
}

/** 551, with the feature tags that are not supported. RFC 2326 s.12.32, s.12.41. */
export function notSupported(tags: string): Answer {
  return { status: 551, headers: { Unsupported: tags } };
}

/** 405 for a method that what the URL names does not know, with those that it does. */
export function notAllowed(methods: MethodList, method: string, version: RtspVersion): Answer {
  const others = methods
    .names(version)
    .split(', ')
    .filter((name) => name !== method);
  return { status: 405, headers: { Allow: others.join(', ') } };
}
