/** Why nothing is recorded although nothing is wrong. */
export type UnwantedReason = 'off' | 'schedule' | 'no-event' | 'manual' | 'privacy';

/** Why footage is missing, as operators and metrics are told. */
export type MissingReason =
  | 'camera-offline'
  | 'auth-failed'
  | 'network'
  | 'timestamps'
  | 'packet-loss'
  | 'disk-full'
  | 'disk-slow'
  | 'disk-error'
  | 'disk-read-only'
  | 'no-permission'
  | 'volume-missing'
  | 'process-down'
  | 'configuration'
  | 'unknown';
