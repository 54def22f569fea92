import type { Device } from '@nightjar/catalog';
import type { chooseStreams } from './choose-streams.js';

export interface EntryOptions {
  readonly streams: NonNullable<ReturnType<typeof chooseStreams>>;
  readonly login: { readonly username: string; readonly passwordFile: string } | undefined;
  readonly passwordText: boolean;
  readonly fingerprint: string | undefined;
  readonly followsDevice: boolean;
  readonly record: 'continuous' | 'event' | undefined;
}

/** A device as an entry of `cameras`, as a user would write it. */
export function cameraEntry(
  { endpoint, serial }: Pick<Device, 'endpoint' | 'serial'>,
  { streams, login, passwordText, fingerprint, followsDevice, record }: EntryOptions,
): Record<string, unknown> {
  const { main, sub } = streams;
  return {
    streams: {
      main: { url: main.streamUrl },
      ...(sub !== undefined && { sub: { url: sub.streamUrl } }),
    },
    ...(login !== undefined && { credentials: login }),
    ...(fingerprint !== undefined && { tls: { fingerprint } }),
    onvif: {
      device: followsDevice ? (serial ?? endpoint) : endpoint,
      ...(followsDevice && { address: 'by-serial' }),
      ...(passwordText && { passwordText }),
    },
    ...(record === 'continuous' && { record }),
    ...(record === 'event' && { record: { mode: 'event' } }),
  };
}
