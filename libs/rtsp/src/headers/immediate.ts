import { NightjarError } from '@nightjar/common';

/**
 * Immediate header: whether a PLAY takes the place of the one that runs at once. ONVIF Streaming s.6.10.
 * @throws NightjarError `protocol` with `where.status` 400 when it is neither yes nor no
 */
export function parseImmediate(value: string): boolean {
  const word = value.trim().toLowerCase();
  if (word === 'yes' || word === 'no') return word === 'yes';
  throw new NightjarError('protocol', 'rtsp/immediate', 'Immediate must be yes or no', {
    status: 400,
  });
}
