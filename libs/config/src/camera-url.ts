import { splitZone } from '@nightjar/common';
import type { CameraCredentials } from './model.js';

export type CameraUrl =
  | {
      readonly ok: true;
      /** Without userinfo, otherwise as written. */
      readonly url: string;
      readonly credentials: CameraCredentials | undefined;
    }
  | { readonly ok: false; readonly reason: string };

/** `//user:12/3@host.lan/`: a password with a slash, cut in two by the URL grammar. */
const SPLIT_PASSWORD = /^rtsps?:\/\/[^/?#]*:\d+[/?#][^@]*@[^/@?&]*[.:/]/i;
const USERINFO = /^([a-z][a-z0-9+.-]*:\/\/)([^/?#]*)@/i;

/** Checks a camera's URL and takes user and password out of it. No part of the URL appears in a reason. */
export function parseCameraUrl(text: string): CameraUrl {
  const userinfo = USERINFO.exec(text)?.[2];
  const url = text.replace(USERINFO, '$1');
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1]?.toLowerCase();
  if (scheme !== 'rtsp' && scheme !== 'rtsps') {
    return { ok: false, reason: 'expected an URL that begins with rtsp:// or rtsps://' };
  }
  let host: string;
  try {
    host = new URL(splitZone(url).url).hostname;
  } catch {
    return { ok: false, reason: `not a valid URL (host, port or characters)${PASSWORD_HINT}` };
  }
  if (host === '') return { ok: false, reason: 'the URL names no host' };
  // field: `rtsp://admin:12/3@camera/` parses as host "admin", port 12 - half a password in plain sight.
  if (SPLIT_PASSWORD.test(url)) {
    return { ok: false, reason: `has an @ after the host; write it as %40${PASSWORD_HINT}` };
  }
  return {
    ok: true,
    url,
    credentials: userinfo === undefined ? undefined : splitUserinfo(userinfo),
  };
}

const PASSWORD_HINT = '; if it is part of a password, use credentials with passwordFile instead';

function splitUserinfo(userinfo: string): CameraCredentials {
  const colon = userinfo.indexOf(':');
  const username = colon < 0 ? userinfo : userinfo.slice(0, colon);
  return {
    username: decode(username),
    password: colon < 0 ? '' : decode(userinfo.slice(colon + 1)),
  };
}

/** field: users paste passwords unescaped, so a stray % stands for itself. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
