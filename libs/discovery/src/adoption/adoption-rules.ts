import type { Device, DeviceRepository } from '@nightjar/catalog';
import { hostOfUrl, messageOf, NightjarError, splitZone, type Clock } from '@nightjar/common';
import { readManaged, type AdoptRule, type NightjarConfig } from '@nightjar/config';
import { metrics } from '@nightjar/monitoring';
import { CameraAccounts } from '@nightjar/relay';
import type { OpenOnvifClient } from '../client/onvif-client.js';
import { readAtFirst } from '../device-reader.js';
import { statusOf } from '../status.js';
import { Attempts, MAX_TRIES } from '../attempts.js';
import type { Adopter } from './adopter.js';
import { matchRule, nameByRule } from './match-rule.js';

/** Devices that are tried after one search: a network full of made-up ones must not keep us. */
const MAX_PER_ROUND = 8;

export interface AdoptionRulesParts {
  readonly devices: Pick<DeviceRepository, 'list' | 'get' | 'read'>;
  readonly adopter: Pick<Adopter, 'adopt'>;
  readonly open: OpenOnvifClient;
  readonly config: () => NightjarConfig;
  readonly clock: Clock;
  readonly log: {
    info(fields: object, message: string): void;
    warn(fields: object, message: string): void;
  };
}

/** Makes cameras of new devices for which a rule says so. Without a rule it does nothing. */
export class AdoptionRules {
  private readonly attempts = new Attempts();
  /** Logins that a device refused, and devices that are cameras already: not tried again until the credentials change, or Nightjar starts. */
  private readonly settled = new Set<string>();
  private applying: Promise<void> = Promise.resolve();
  private stopped = false;
  private isFull = false;

  constructor(private readonly parts: AdoptionRulesParts) {}

  /** Looks at all new devices, one after another. Never rejects. */
  apply(): Promise<void> {
    this.applying = this.applying.then(() => this.applyNow());
    return this.applying;
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.applying;
  }

  private async applyNow(): Promise<void> {
    const { devices, config, clock, log } = this.parts;
    const { adopt, intervalMs } = config().discovery;
    if (adopt === undefined) return;
    try {
      let tried = 0;
      for (const device of await devices.list()) {
        if (this.stopped || tried === MAX_PER_ROUND) return;
        const isNew = statusOf(device, clock.wallMs(), intervalMs) === 'new';
        const rule = isNew ? adopt.rules.find((one) => matchRule(one, device) !== 'no') : undefined;
        if (rule === undefined || !this.isDue(rule, device)) continue;
        const { cameras: kept } = await readManaged(config().dataDir);
        if (this.mustStop(Object.keys(kept).length, adopt.limit)) return;
        tried += 1;
        await this.adopt(rule, device, kept);
      }
    } catch (error) {
      log.warn({ err: messageOf(error) }, 'devices cannot be adopted by rule');
    }
  }

  private isDue(rule: AdoptRule, device: Device): boolean {
    const key = keyOf(rule, device);
    return !this.settled.has(key) && this.attempts.of(key, this.parts.clock.wallMs()) < MAX_TRIES;
  }

  private mustStop(kept: number, limit: number): boolean {
    const isFull = kept >= limit;
    if (isFull && !this.isFull)
      this.parts.log.warn(
        { limit },
        'no further device is adopted by rule: discovery.adopt.limit is reached',
      );
    this.isFull = isFull;
    return isFull;
  }

  /** @param kept cameras that Nightjar keeps, which may be news to the configuration */
  private async adopt(
    rule: AdoptRule,
    device: Device,
    kept: Readonly<Record<string, unknown>>,
  ): Promise<void> {
    const { adopter, clock, config, log } = this.parts;
    const key = keyOf(rule, device);
    this.attempts.count(key, clock.wallMs());
    try {
      const known = await this.identify(rule, device);
      if (matchRule(rule, known) !== 'yes') return;
      const camera = streamedAlready(known, config());
      if (camera !== undefined) {
        this.settled.add(key);
        log.info({ device: device.id, camera }, 'a device is not adopted by rule: it is a camera');
        return;
      }
      const name = nameByRule(rule.name, known);
      if (Object.hasOwn(kept, name))
        throw new NightjarError('conflict', 'discovery/name-taken', `there is a camera ${name}`);
      await adopter.adopt(known, {
        name,
        login: rule.credentials,
        passwordText: false,
        fingerprint: undefined,
        as: 'managed',
        passwordFile: undefined,
        followsDevice: rule.followsDevice,
        record: rule.record,
      });
      metrics.discoveryAdoptions.inc({ result: 'adopted' });
      log.info({ device: device.id, camera: name }, 'a device was adopted by rule');
    } catch (error) {
      const isLogin = isRefusedLogin(error);
      if (isLogin) this.settled.add(key);
      metrics.discoveryAdoptions.inc({ result: isLogin ? 'login-refused' : 'failed' });
      log.warn({ device: device.id, err: messageOf(error) }, 'a device is not adopted by rule');
    }
  }

  /** The device with what it tells to who logs in. */
  private async identify(rule: AdoptRule, device: Device): Promise<Device> {
    const { devices, open, clock } = this.parts;
    const access = { login: rule.credentials, passwordText: false };
    const { reading, problem } = await readAtFirst(open, device, access);
    if (problem !== undefined) throw new NightjarError('invalid', 'discovery/login', problem);
    const id = await devices.read(device.id, reading, [], { atMs: clock.wallMs(), asideMs: 0 });
    return (await devices.get(id)) ?? device;
  }
}

/** The camera that plays one of the streams of a device, without naming it as its device. */
function streamedAlready({ profiles }: Device, { cameras }: NightjarConfig): string | undefined {
  const own = new Set(profiles.flatMap(({ streamUrl }) => (streamUrl ? [placeOf(streamUrl)] : [])));
  return Object.values(cameras).find(({ streams }) =>
    Object.values(streams).some((one) => one.source === 'pull' && own.has(placeOf(one.url))),
  )?.name;
}

function placeOf(url: string): string {
  const { port, pathname, search } = new URL(splitZone(url).url);
  return `${hostOfUrl(url)}:${port || '554'}${pathname}${search}`;
}

/** The adopter tells a refusal of the camera as its own caller's mistake. */
function isRefusedLogin(error: unknown): boolean {
  if (!(error instanceof NightjarError)) return false;
  const isOwn = ['unauthenticated', 'forbidden'].includes(error.kind);
  return isOwn || error.code === 'discovery/login' || isRefusedLogin(error.cause);
}

function keyOf({ name, credentials }: AdoptRule, { addresses: [address = ''] }: Device): string {
  return `${name} ${CameraAccounts.keyOf(address, credentials)}`;
}
