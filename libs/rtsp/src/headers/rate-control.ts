import { NightjarError } from '@nightjar/common';

/**
 * Rate-Control header: whether the server keeps to real time (`yes`, also when the header is absent) or sends as fast as
 * the flow control of the transport lets it (`no`). ONVIF Streaming Specification, "Rate-Control header field".
 */
export type RateControl = 'yes' | 'no';

/** @throws NightjarError `protocol` with `where.status` 400 when it is neither. */
export function parseRateControl(value: string): RateControl {
  const word = value.trim().toLowerCase();
  if (word === 'yes' || word === 'no') return word;
  throw new NightjarError('protocol', 'rtsp/rate-control', 'Rate-Control must be yes or no', {
    status: 400,
  });
}
