import type { Device, DeviceChange, DeviceReading, DeviceRepository } from '@nightjar/catalog';
import { messageOf, NightjarError, type Clock } from '@nightjar/common';
import { secureIfPinned } from './client/device-address.js';
import { changesOf, newChanges } from './drift/changes.js';
import type { OnvifTarget, OpenOnvifClient, ReadDevice } from './client/onvif-client.js';

/** What we know of logging in at a device, besides its address. */
export type DeviceAccess = Omit<OnvifTarget, 'url' | 'endpoint'>;

export interface DeviceReaderParts {
  readonly devices: Pick<DeviceRepository, 'list' | 'get' | 'read' | 'unread'>;
  readonly open: OpenOnvifClient;
  /** For devices that are cameras of ours; undefined: nobody is known there. */
  readonly accessTo: (device: Device) => DeviceAccess | undefined;
  /** An adopted device was read, by its own login; with what is other than when it was read before. */
  readonly noticed: (device: Device, fresh: readonly DeviceChange[]) => Promise<void>;
  readonly clock: Clock;
}

/** Asks devices who and how they are, and keeps what they say. */
export class DeviceReader {
  constructor(private readonly parts: DeviceReaderParts) {}

  /**
   * Reads a device and keeps what it says.
   * @param before as it was known before it was heard of now
   * @param asideMs another device that was heard of after this moment is another one, whatever its serial number
   * @returns the id under which it goes on
   * @throws NightjarError of the database alone; what the device does wrong is kept with it
   */
  async read(
    device: Device,
    { before, asideMs }: { readonly before?: Device | undefined; readonly asideMs: number },
  ): Promise<number> {
    const { devices, clock, noticed } = this.parts;
    let read: ReadDevice;
    try {
      read = await readAtFirst(this.parts.open, device, this.parts.accessTo(device));
    } catch (error) {
      await devices.unread(device.id, messageOf(error));
      return device.id;
    }
    const { reading, problem } = read;
    const atMs = clock.wallMs();
    const known = before ?? (await this.sameSerial(device, reading, asideMs));
    const changes =
      known?.decision === 'adopted' && problem === undefined
        ? changesOf(known, device.addresses[0], reading, atMs)
        : (known ?? device).changes;
    const id = await devices.read(device.id, reading, changes, { atMs, asideMs, problem });
    const now = problem === undefined && known !== undefined ? await devices.get(id) : undefined;
    if (now?.decision === 'adopted') await noticed(now, newChanges(known?.changes ?? [], changes));
    return id;
  }

  /** The device that this one is in the eyes of the catalog: {@link DeviceRepository.read}. */
  private async sameSerial(
    { id }: Device,
    { serial, make, model }: DeviceReading,
    asideMs: number,
  ): Promise<Device | undefined> {
    if (serial === undefined) return undefined;
    return (await this.parts.devices.list()).find(
      (one) =>
        one.id !== id &&
        one.serial === serial &&
        one.make === make &&
        one.model === model &&
        one.lastSeenMs < asideMs,
    );
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
  for (const url of secureIfPinned(serviceUrls, access?.trust)) {
    try {
      return { ...(await open({ url, ...access, endpoint }).read()), url };
    } catch (error) {
      failure ??= error;
      if (!(error instanceof NightjarError) || error.kind !== 'unavailable') break;
    }
  }
  throw failure ?? new NightjarError('unavailable', 'discovery/no-address', 'no address is known');
}
