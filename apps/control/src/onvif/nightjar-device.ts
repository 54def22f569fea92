import type { AccessPolicy } from '@nightjar/access';
import type { Clock } from '@nightjar/common';
import type { NightjarConfig } from '@nightjar/config';
import type { DevicePort, NetworkInterface, OnvifUser } from '@nightjar/onvif';
import { localAddresses } from '@nightjar/onvif-device';
import { VERSION } from '@nightjar/role';
import type { OnvifCaller } from './caller.js';

export interface NightjarDeviceOptions {
  readonly config: () => NightjarConfig;
  readonly policy: AccessPolicy;
  readonly clock: Clock;
  readonly hostname: string;
  /** UUID. */
  readonly identity: string;
}

const SCOPES = 'onvif://www.onvif.org';

/** Nightjar as the device that ONVIF clients see. What may be changed of it is changed in the configuration. */
export class NightjarDevice implements DevicePort<OnvifCaller> {
  readonly timeZone = (): string => 'UTC0';

  constructor(private readonly options: NightjarDeviceOptions) {}

  get information(): DevicePort<OnvifCaller>['information'] {
    return {
      manufacturer: 'Nightjar',
      model: 'Nightjar NVR',
      firmwareVersion: VERSION,
      serialNumber: this.options.identity,
      hardwareId: 'software',
    };
  }

  get endpointReference(): string {
    return `urn:uuid:${this.options.identity}`;
  }

  get clock(): Clock {
    return this.options.clock;
  }

  get multicast(): boolean {
    return this.options.config().rtsp.multicast.enabled;
  }

  get logins(): DevicePort<OnvifCaller>['logins'] {
    const users = Object.values(this.options.config().users);
    return { digest: true, usernameToken: users.some(({ password }) => password !== undefined) };
  }

  hostname(): string {
    return this.options.hostname;
  }

  scopes(): readonly string[] {
    const { name, location } = this.options.config().onvif;
    return [
      `${SCOPES}/Profile/Streaming`,
      `${SCOPES}/Profile/G`,
      `${SCOPES}/type/Network_Video_Storage`,
      `${SCOPES}/hardware/Nightjar`,
      `${SCOPES}/name/${encodeURIComponent(name)}`,
      ...(location === undefined ? [] : [`${SCOPES}/location/${encodeURIComponent(location)}`]),
    ];
  }

  discoverable(): boolean {
    return this.options.config().onvif.discovery.enabled;
  }

  interfaces(): readonly NetworkInterface[] {
    const byName = new Map<string, NetworkInterface>();
    for (const { interface: name, mac, family, address, prefix } of localAddresses()) {
      const known = byName.get(name) ?? { name, mac, ipv4: [] };
      const more = family === 'ipv4' ? [{ address, prefix }] : [];
      byName.set(name, { ...known, ipv4: [...known.ipv4, ...more] });
    }
    return [...byName.values()];
  }

  ports(): ReturnType<DevicePort<OnvifCaller>['ports']> {
    const { http, rtsp } = this.options.config();
    return [
      { name: 'HTTP', port: http.port },
      { name: 'RTSP', port: rtsp.port },
    ];
  }

  users(): readonly OnvifUser[] {
    const { config, policy } = this.options;
    return Object.keys(config().users).map((name) => ({ name, level: levelOf(policy, name) }));
  }
}

function levelOf(policy: AccessPolicy, name: string): OnvifUser['level'] {
  const may = (action: 'admin' | 'control'): boolean =>
    policy.decide({ name }, action, undefined) === 'allow';
  if (may('admin')) return 'Administrator';
  return may('control') ? 'Operator' : 'User';
}
