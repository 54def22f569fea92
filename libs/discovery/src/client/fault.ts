import { NightjarError } from '@nightjar/common';
import type { ReceivedFault } from '@nightjar/onvif';
import { cleanText } from '../untrusted.js';

const UNSUPPORTED: readonly string[] = ['ActionNotSupported', 'UnknownAction', 'NotSupported'];

/** Whether a device refuses because of who asks. ONVIF Core s.5.9.1; the second is what some say instead. */
export function isNotAuthorized(fault: ReceivedFault | undefined): boolean {
  return (
    fault?.subcodes.some((code) => code === 'NotAuthorized' || code === 'FailedAuthentication') ===
    true
  );
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
