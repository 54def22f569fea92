import type { Device, DeviceRepository } from '@nightjar/catalog';
import { NightjarError } from '@nightjar/common';
import type { NightjarConfig } from '@nightjar/config';
import type { OnvifClient, OpenOnvifClient, Snapshot } from '../client/onvif-client.js';
import { cameraOf, targetOf } from '../device-access.js';
import type { PtzCommand, PtzPreset } from './ptz-command.js';

/** Commands that may wait for one camera: who holds a key down must not fill the memory. */
const MAX_WAITING = 8;

interface Line {
  waiting: number;
  last: Promise<unknown>;
}

/** Moves cameras, one command at a time each, and has them take pictures. */
export class CameraControl {
  private readonly lines = new Map<string, Line>();
  private readonly clients = new Map<
    string,
    { readonly key: string; readonly client: OnvifClient }
  >();

  constructor(
    private readonly parts: {
      readonly devices: Pick<DeviceRepository, 'list'>;
      readonly open: OpenOnvifClient;
      readonly config: () => Pick<NightjarConfig, 'cameras'>;
    },
  ) {}

  /**
   * @throws NightjarError `not-found` for a camera that is no device, or has no such preset; `conflict` for one that does not
   *   move; `exhausted` when too many commands wait; and as OnvifClient
   */
  move(camera: string, command: PtzCommand): Promise<void> {
    return this.inTurn(camera, async () => {
      const device = await this.deviceOf(camera);
      await this.clientOf(camera, device).ptz(ptzProfile(device), command);
    });
  }

  /** Throws as {@link move}. */
  presets(camera: string): Promise<readonly PtzPreset[]> {
    return this.inTurn(camera, async () => {
      const device = await this.deviceOf(camera);
      return await this.clientOf(camera, device).presets(ptzProfile(device));
    });
  }

  /** What the camera sees now, as it says itself. @throws NightjarError `conflict` when it offers no pictures, and as {@link move} */
  snapshot(camera: string): Promise<Snapshot> {
    return this.inTurn(camera, async () => {
      const device = await this.deviceOf(camera);
      const url = device.profiles.find((one) => one.snapshotUrl !== undefined)?.snapshotUrl;
      if (url === undefined)
        throw new NightjarError(
          'conflict',
          'discovery/no-snapshot',
          `camera ${camera} offers no pictures`,
        );
      return await this.clientOf(camera, device).snapshot(url);
    });
  }

  private async inTurn<Result>(camera: string, work: () => Promise<Result>): Promise<Result> {
    const line = this.lines.get(camera) ?? { waiting: 0, last: Promise.resolve() };
    if (line.waiting >= MAX_WAITING)
      throw new NightjarError(
        'exhausted',
        'discovery/busy',
        `too many commands wait for camera ${camera}`,
      );
    this.lines.set(camera, line);
    line.waiting += 1;
    const mine = line.last.then(work, work);
    line.last = mine;
    try {
      return await mine;
    } finally {
      line.waiting -= 1;
      if (line.waiting === 0) this.lines.delete(camera);
    }
  }

  private async deviceOf(camera: string): Promise<Device> {
    const config = this.parts.config();
    const devices = (await this.parts.devices.list()).filter(
      (device) => cameraOf(device, config)?.name === camera,
    );
    const device = devices.toSorted((a, b) => b.lastSeenMs - a.lastSeenMs)[0];
    if (device !== undefined) return device;
    throw new NightjarError(
      'not-found',
      'discovery/no-device',
      `camera ${camera} is no device that was found in the network`,
    );
  }

  /** One for several commands: it has logged in and knows the services. */
  private clientOf(camera: string, device: Device): OnvifClient {
    const target = targetOf(device, this.parts.config());
    const key = JSON.stringify(target);
    const known = this.clients.get(camera);
    if (known?.key === key) return known.client;
    const client = this.parts.open(target);
    this.clients.set(camera, { key, client });
    return client;
  }
}

function ptzProfile({ profiles, id }: Device): string {
  const profile = profiles.find(({ ptz }) => ptz !== undefined);
  if (profile !== undefined) return profile.token;
  throw new NightjarError('conflict', 'discovery/no-ptz', `device ${id} does not move`);
}
