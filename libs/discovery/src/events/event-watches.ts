import type { Device, DeviceRepository } from '@nightjar/catalog';
import { messageOf, NightjarError, type Clock } from '@nightjar/common';
import type { NightjarConfig } from '@nightjar/config';
import type { EventBus } from '@nightjar/events';
import type { OnvifTarget, OpenOnvifClient } from '../client/onvif-client.js';
import { cameraOf, targetOf } from '../device-access.js';
import { CameraEvents, type CameraEventsParts } from './camera-events.js';

export interface EventWatchesParts {
  readonly devices: Pick<DeviceRepository, 'list'>;
  readonly open: OpenOnvifClient;
  readonly bus: Pick<EventBus, 'publish' | 'endLeft'>;
  readonly config: () => Pick<NightjarConfig, 'cameras'>;
  readonly clock: Clock;
  readonly log: CameraEventsParts['log'];
}

/** Hears the events of every camera that is a device, where the device is. */
export class EventWatches {
  private readonly watches = new Map<
    string,
    { readonly target: string; readonly events: CameraEvents }
  >();
  private applying: Promise<void> = Promise.resolve();
  private stopped = false;

  constructor(private readonly parts: EventWatchesParts) {}

  /** Makes what is heard fit configuration and catalog. Never rejects. */
  apply(): Promise<void> {
    this.applying = this.applying.then(() => this.applyNow());
    return this.applying;
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.applying;
    await Promise.all([...this.watches.values()].map(({ events }) => events.stop()));
    this.watches.clear();
  }

  private async applyNow(): Promise<void> {
    const { devices, log } = this.parts;
    if (this.stopped) return;
    let wanted: Map<string, OnvifTarget>;
    try {
      wanted = this.targets(await devices.list());
    } catch (error) {
      // The next search comes here again.
      const isAway = error instanceof NightjarError && error.kind === 'unavailable';
      if (!isAway) log.warn({ err: messageOf(error) }, 'events of cameras cannot be heard');
      return;
    }
    for (const [camera, { target, events }] of this.watches) {
      const next = wanted.get(camera);
      if (next !== undefined && JSON.stringify(next) === target) continue;
      this.watches.delete(camera);
      await events.stop();
    }
    for (const [camera, target] of wanted) {
      if (this.watches.has(camera)) continue;
      const { open, bus, clock } = this.parts;
      const events = new CameraEvents({ camera, client: open(target), bus, clock, log });
      this.watches.set(camera, { target: JSON.stringify(target), events });
      events.start();
    }
  }

  /** By camera. Of several devices that are the same camera the one heard of last counts. */
  private targets(devices: readonly Device[]): Map<string, OnvifTarget> {
    const config = this.parts.config();
    const targets = new Map<string, OnvifTarget>();
    for (const device of devices.toSorted((a, b) => a.lastSeenMs - b.lastSeenMs)) {
      const camera = cameraOf(device, config);
      if (camera?.onvif?.events === true) targets.set(camera.name, targetOf(device, config));
    }
    return targets;
  }
}
