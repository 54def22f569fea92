import { NightjarError } from '@nightjar/common';
import type { ReceivedFault } from '@nightjar/onvif';
import { cleanText } from '../untrusted.js';

const UNSUPPORTED: readonly string[] = ['ActionNotSupported', 'UnknownAction', 'NotSupported'];

/** ONVIF Core s.5.9.1; the second is what some say instead. */
const REFUSALS: readonly string[] = ['NotAuthorized', 'FailedAuthentication'];
/** field: onvif-server 0.1.1 (Rust) has no code for it: "WS-Security header required but not provided". */
const IN_WORDS = /\bws-?(security|se\b)|authenticat|authori[sz]|unauthori|password/i;

/** Whether a device refuses because of who asks. */
export function isNotAuthorized(fault: ReceivedFault | undefined): boolean {
  if (fault === undefined) return false;
  const { code, subcodes, reason } = fault;
  if (subcodes.length === 0) return code === 'Sender' && IN_WORDS.test(reason);
  return subcodes.some((one) => REFUSALS.includes(one));
}

/** A fault in our words. */
export function faultError({ code, subcodes, reason }: ReceivedFault): NightjarError {
  const codes = cleanText([code, ...subcodes].join('/'));
  const isUnsupported = subcodes.some((one) => UNSUPPORTED.includes(one));
  return new NightjarError(
    'protocol',
    isUnsupported ? 'discovery/unsupported' : 'discovery/fault',
    `the device refuses: ${[codes, cleanText(reason)].filter((one) => one !== undefined).join(', ')}`,
  );
}
