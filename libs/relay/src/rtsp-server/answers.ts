import type { Answer } from './connection.js';
import type { MethodList } from './methods/method.js';
import type { RtspSession } from './session.js';

/** 455, with the methods that are valid now. */
export function notInState(methods: MethodList, session: RtspSession): Answer {
  return {
    status: 455,
    headers: { Session: session.id, Allow: methods.allowedIn(session.state) },
  };
}

/** 551, with the feature tags that are not supported. RFC 2326 s.12.32, s.12.41. */
export function notSupported(tags: string): Answer {
  return { status: 551, headers: { Unsupported: tags } };
}
