import type { WallTimeMs } from '@nightjar/common';
import { decodeMikey } from './decode.js';
import { encodeMikey } from './encode.js';
import { mikeyError, type MikeyMessage } from './message.js';

/** Far more than a message with one key. */
const MAX_TEXT = 8192;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
const ATTRIBUTE = /^mikey\s+(\S+)$/i;
const PARAMETER = /^mikey\s*:(.*)$/is;
const PARAMETER_NAME = /^mikey\s*:?$/i;

/** A message as text headers and SDP carry it. @throws NightjarError `protocol` with `where.status` 463 */
export function parseMikey(text: string): MikeyMessage {
  const base64 = text.trim();
  if (base64.length > MAX_TEXT || !BASE64.test(base64))
    throw mikeyError('base64', 'a MIKEY message that is not base64');
  return decodeMikey(Buffer.from(base64, 'base64'));
}

export function printMikey(message: MikeyMessage, now: WallTimeMs): string {
  return encodeMikey(message, now).toString('base64');
}

/**
 * Value of `a=key-mgmt` (RFC 4567 s.3.1), undefined when it is of another protocol.
 * @throws NightjarError `protocol` with `where.status` 463
 */
export function parseKeyMgmtAttribute(value: string): MikeyMessage | undefined {
  const text = ATTRIBUTE.exec(value.trim())?.[1];
  return text === undefined ? undefined : parseMikey(text);
}

export function printKeyMgmtAttribute(message: MikeyMessage, now: WallTimeMs): string {
  return `mikey ${printMikey(message, now)}`;
}

/** Whether the body of a GET_PARAMETER asks for the present keys (ONVIF Streaming s.8.2.1.3). */
export function asksForMikey(body: Buffer): boolean {
  return body.length < MAX_TEXT && PARAMETER_NAME.test(body.toString('latin1').trim());
}

/**
 * The message in the body of a SET_PARAMETER, which may be broken into lines (ONVIF Streaming s.8.2.1.2); undefined when
 * the body is about something else.
 * @throws NightjarError `protocol` with `where.status` 463
 */
export function parseMikeyParameter(body: Buffer): MikeyMessage | undefined {
  const value = PARAMETER.exec(body.subarray(0, MAX_TEXT).toString('latin1').trim())?.[1];
  return value === undefined ? undefined : parseMikey(value.replaceAll(/\s/g, ''));
}

/** Body of the answer to a GET_PARAMETER, or of a SET_PARAMETER. */
export function printMikeyParameter(message: MikeyMessage, now: WallTimeMs): Buffer {
  return Buffer.from(`mikey: ${printMikey(message, now)}\r\n`, 'latin1');
}
