import type { Device, DeviceRepository } from '@nightjar/catalog';
import { messageOf, NightjarError, type Clock } from '@nightjar/common';
import type { OnvifTarget, OpenOnvifClient, ReadDevice } from './client/onvif-client.js';

/** What we know of logging in at a device, besides its address. */
export type DeviceAccess = Omit<OnvifTarget, 'url' | 'endpoint'>;

export interface DeviceReaderParts {
  readonly devices: Pick<DeviceRepository, 'read' | 'unread'>;
  readonly open: OpenOnvifClient;
  /** For devices that are cameras of ours; undefined: nobody is known there. */
  readonly accessTo: (device: Device) => DeviceAccess | undefined;
  readonly clock: Clock;
}

/** Asks devices who and how they are, and keeps what they say. */
export class DeviceReader {
  constructor(private readonly parts: DeviceReaderParts) {}

  /**
   * Reads a device and keeps what it says.
   * @returns the id under which it goes on
   * @param asideMs another device that was heard of after this moment is another one, whatever its serial number
   * @throws NightjarError of the database alone; what the device does wrong is kept with it
   */
  async read(
    device: Device,
    { asideMs }: { readonly before?: Device | undefined; readonly asideMs: number },
  ): Promise<number> {
    const { devices, clock } = this.parts;
    let read: ReadDevice;
    try {
      read = await readAtFirst(this.parts.open, device, this.parts.accessTo(device));
    } catch (error) {
      await devices.unread(device.id, messageOf(error));
      return device.id;
    }
    const { reading, problem } = read;
    return await devices.read(device.id, reading, device.changes, {
      atMs: clock.wallMs(),
      asideMs,
      problem,
    });
  }
}

/**
 * Reads a device at the first of its addresses that answers.
 * @throws NightjarError as {@link OnvifClient.read}
 */
export async function readAtFirst(
  open: OpenOnvifClient,
  { serviceUrls, endpoint }: Pick<Device, 'serviceUrls' | 'endpoint'>,
  access: DeviceAccess | undefined,
): Promise<ReadDevice & { readonly url: string }> {
  let failure: unknown;
  for (const url of serviceUrls) {
    try {
      return { ...(await open({ url, ...access, endpoint }).read()), url };
    } catch (error) {
      failure ??= error;
      if (!(error instanceof NightjarError) || error.kind !== 'unavailable') break;
    }
  }
  throw failure ?? new NightjarError('unavailable', 'discovery/no-address', 'no address is known');
}
