import type { Device, DeviceChange } from '@nightjar/catalog';
import { messageOf, type Clock } from '@nightjar/common';
import { readManaged, updateManaged, type NightjarConfig } from '@nightjar/config';
import type { EventBus } from '@nightjar/events';
import { metrics } from '@nightjar/monitoring';
import { cameraOf } from '../device-access.js';
import { publishDrift } from './drift-event.js';

export interface DriftParts {
  readonly bus: Pick<EventBus, 'publish'>;
  readonly config: () => NightjarConfig;
  readonly clock: Clock;
  readonly log: {
    info(fields: object, message: string): void;
    warn(fields: object, message: string): void;
  };
}

/** What follows when a camera is found to be other than it was. */
export class Drift {
  constructor(private readonly parts: DriftParts) {}

  /**
   * Tells of it, and moves the addresses of streams that follow their device. Never rejects.
   * @param device as it is now, known by its serial number at its present address
   */
  async noticed(device: Device, fresh: readonly DeviceChange[]): Promise<void> {
    const { log, config } = this.parts;
    const camera = cameraOf(device, config());
    if (camera === undefined) return;
    metrics.cameraDrift.set({ camera: camera.name }, device.changes.length);
    try {
      if (camera.onvif?.address === 'by-serial') await this.follow(camera.name, device);
      for (const change of fresh) await this.tell(camera.name, change);
    } catch (error) {
      log.warn(
        { camera: camera.name, err: messageOf(error) },
        'a change of a camera cannot be told',
      );
    }
  }

  private async follow(camera: string, { addresses: [host] }: Device): Promise<void> {
    const { config, log } = this.parts;
    const { dataDir } = config();
    if (host === undefined || (await readManaged(dataDir)).addresses[camera] === host) return;
    await updateManaged(dataDir, ({ cameras, addresses }) => ({
      cameras,
      addresses: { ...addresses, [camera]: host },
    }));
    log.info({ camera, host }, 'the camera is followed to its address');
  }

  private async tell(camera: string, { what, before, after }: DeviceChange): Promise<void> {
    this.parts.log.warn({ camera, what, before, after }, 'the camera is not as it was');
    await publishDrift(this.parts, camera, { what, before, after });
  }
}
