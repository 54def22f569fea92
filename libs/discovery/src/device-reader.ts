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
   * Reads a device at the first of its addresses that answers.
   * @param asideMs another device that was heard of after this moment is another one, whatever its serial number
   * @throws NightjarError of the database alone; what the device does wrong is kept with it
   */
  async read(
    device: Device,
    { asideMs }: { readonly before?: Device | undefined; readonly asideMs: number },
  ): Promise<void> {
    const { devices, clock } = this.parts;
    let read: ReadDevice;
    try {
      read = await this.ask(device);
    } catch (error) {
      await devices.unread(device.id, messageOf(error));
      return;
    }
    const { reading, problem } = read;
    await devices.read(device.id, reading, device.changes, {
      atMs: clock.wallMs(),
      asideMs,
      problem,
    });
  }

  private async ask(device: Device): Promise<ReadDevice> {
    const { open, accessTo } = this.parts;
    const access = accessTo(device);
    let failure: unknown;
    for (const url of device.serviceUrls) {
      try {
        return await open({ url, ...access, endpoint: device.endpoint }).read();
      } catch (error) {
        failure ??= error;
        if (!(error instanceof NightjarError) || error.kind !== 'unavailable') break;
      }
    }
    throw (
      failure ?? new NightjarError('unavailable', 'discovery/no-address', 'no address is known')
    );
  }
}
