import { requireAccess, type AccessPolicy, type Principal } from '@nightjar/access';
import type { Catalog, Device } from '@nightjar/catalog';
import { NightjarError, type Clock } from '@nightjar/common';
import type { NightjarConfig } from '@nightjar/config';
import {
  viewDevice,
  type Adopter,
  type Adoption,
  type AdoptionRequest,
  type CameraSettingsView,
  type DeviceView,
  type Discovery,
  type Enforcement,
  type SearchOutcome,
} from '@nightjar/discovery';

/** What the API tells of devices in the network, and does with them. All of it is for administrators. */
export class DevicesService {
  constructor(
    private readonly parts: {
      readonly discovery: Discovery;
      readonly adopter: Adopter;
      readonly enforcement: Enforcement;
      readonly catalog: Pick<Catalog, 'devices'>;
      readonly policy: AccessPolicy;
      readonly config: () => NightjarConfig;
      readonly clock: Clock;
    },
  ) {}

  /** @throws NightjarError `unauthenticated`, `forbidden`, or `unavailable` while the database is away */
  async list(principal: Principal | undefined): Promise<DeviceView[]> {
    this.requireAdmin(principal);
    return (await this.parts.catalog.devices.list()).map((device) => this.view(device));
  }

  /** Throws as {@link list}, and `not-found`. */
  async one(principal: Principal | undefined, id: number): Promise<DeviceView> {
    this.requireAdmin(principal);
    return this.view(await this.required(id));
  }

  /** Searches now. Throws as {@link list}, and `conflict` when discovery is off. */
  async search(principal: Principal | undefined): Promise<SearchOutcome> {
    this.requireAdmin(principal);
    return await this.parts.discovery.search();
  }

  /** Where cameras are set otherwise than declared. @throws NightjarError `unauthenticated`, `forbidden` */
  settings(principal: Principal | undefined): CameraSettingsView[] {
    this.requireAdmin(principal);
    return this.parts.enforcement.list();
  }

  /** Leaves a device alone, or looks at it again. Throws as {@link one}, and `conflict` for one that is a camera. */
  async ignore(
    principal: Principal | undefined,
    id: number,
    ignored: boolean,
  ): Promise<DeviceView> {
    this.requireAdmin(principal);
    const { decision, camera } = await this.required(id);
    if (decision === 'adopted')
      throw new NightjarError('conflict', 'discovery/adopted', `device ${id} is camera ${camera}`);
    await this.parts.catalog.devices.setIgnored(id, ignored);
    return this.view(await this.required(id));
  }

  /** Takes a device as it is now: what changed is no drift any more. Throws as {@link one}. */
  async accept(principal: Principal | undefined, id: number): Promise<DeviceView> {
    this.requireAdmin(principal);
    await this.required(id);
    await this.parts.catalog.devices.acceptChanges(id);
    return this.view(await this.required(id));
  }

  /** Makes a camera of a device. Throws as {@link one} and {@link Adopter.adopt}. */
  async adopt(
    principal: Principal | undefined,
    id: number,
    request: AdoptionRequest,
  ): Promise<Adoption> {
    this.requireAdmin(principal);
    return await this.parts.adopter.adopt(await this.required(id), request);
  }

  private requireAdmin(principal: Principal | undefined): void {
    requireAccess(this.parts.policy, principal, 'admin', undefined);
  }

  private async required(id: number): Promise<Device> {
    const device = await this.parts.catalog.devices.get(id);
    if (device === undefined)
      throw new NightjarError('not-found', 'discovery/no-device', `there is no device ${id}`);
    return device;
  }

  private view(device: Device): DeviceView {
    const { clock, config } = this.parts;
    return viewDevice(device, clock.wallMs(), config().discovery.intervalMs);
  }
}
