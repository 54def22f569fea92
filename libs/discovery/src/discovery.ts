import type { Device, DeviceRepository, DeviceSighting } from '@nightjar/catalog';
import { messageOf, NightjarError, TokenBucket, type Clock } from '@nightjar/common';
import type { DiscoveryConfig } from '@nightjar/config';
import { sameEndpoint } from './client/endpoint.js';
import type { DeviceReader } from './device-reader.js';
import { isLinkLocal } from './search/interfaces.js';
import type { SearchNetwork } from './search/network-search.js';

/** Devices that are asked at the same time. */
const READERS = 8;
/** Announcements that are looked at per second, and at once; the next search finds the others. */
const HELLOS_PER_SECOND = 2;
const HELLO_BURST = 20;
const FORGET_AFTER_MS = 90 * 86_400_000;

export interface DiscoveryParts {
  readonly devices: Pick<
    DeviceRepository,
    'list' | 'get' | 'sighted' | 'left' | 'forget' | 'adopt'
  >;
  /** Name of the camera that a device is, if it is one. */
  readonly cameraOf: (device: Device) => string | undefined;
  readonly reader: DeviceReader;
  readonly searchNetwork: SearchNetwork;
  /** Endpoint reference of this Nightjar, which is a device too; undefined: it is none. */
  readonly ownEndpoint: () => Promise<string | undefined>;
  readonly config: () => DiscoveryConfig;
  readonly clock: Clock;
  readonly log: {
    info(fields: object, message: string): void;
    warn(fields: object, message: string): void;
    debug(fields: object, message: string): void;
  };
}

export interface SearchOutcome {
  /** Devices that answered. */
  readonly found: number;
  /** Of those, devices that were not known before. */
  readonly added: number;
  /** What could not be asked, and why. */
  readonly failed: readonly { readonly where: string; readonly reason: string }[];
}

/** Looks for devices, and keeps what it finds in the catalog. */
export class Discovery {
  private running: Promise<SearchOutcome> | undefined;
  private readonly stopping = new AbortController();
  private readonly hellos: TokenBucket;

  constructor(private readonly parts: DiscoveryParts) {
    this.hellos = new TokenBucket(HELLOS_PER_SECOND, HELLO_BURST, parts.clock.monotonicMs());
  }

  /**
   * Searches once, and asks every device that answers who it is. Who calls while a search runs gets the outcome of that one.
   * @throws NightjarError `conflict` when discovery is off, `unavailable` while the database is away
   */
  search(): Promise<SearchOutcome> {
    const config = this.parts.config();
    if (config.mode === 'off')
      throw new NightjarError('conflict', 'discovery/off', 'discovery.mode is off');
    this.running ??= this.searchOnce(config).finally(() => (this.running = undefined));
    return this.running;
  }

  /** A device said hello. Never rejects. */
  async came(sighting: DeviceSighting): Promise<void> {
    const { clock, devices, reader, log } = this.parts;
    if (!this.hellos.take(1, clock.monotonicMs())) return;
    try {
      const own = await this.parts.ownEndpoint();
      if (own !== undefined && sameEndpoint(own, sighting.endpoint)) return;
      const known = (await devices.list()).find(({ endpoint }) => endpoint === sighting.endpoint);
      const [address] = known?.addresses ?? [];
      const isAside = isLinkLocal(sighting.address) && address !== sighting.address;
      // All that speak IPv6 say hello from a link-local address too.
      if (isAside && address !== undefined && !isLinkLocal(address)) return;
      // With several addresses it says hello from each: a search shows which of them answer.
      if (isAside || (address !== undefined && address !== sighting.address)) {
        await this.search();
        return;
      }
      const atMs = clock.wallMs();
      const device = await devices.sighted(sighting, atMs);
      if (device === undefined || device.decision === 'ignored') return;
      await this.recognise(await reader.read(device, { before: known, asideMs: atMs }));
    } catch (error) {
      log.debug({ err: messageOf(error) }, 'an announcement could not be kept');
    }
  }

  /** A device said good-bye. Never rejects. */
  async left(endpoint: string): Promise<void> {
    const { clock, devices, log } = this.parts;
    if (!this.hellos.take(1, clock.monotonicMs())) return;
    try {
      await devices.left(endpoint, clock.wallMs());
    } catch (error) {
      log.debug({ err: messageOf(error) }, 'an announcement could not be kept');
    }
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running?.catch(() => undefined);
  }

  private async searchOnce(config: DiscoveryConfig): Promise<SearchOutcome> {
    const { clock, devices, searchNetwork, log } = this.parts;
    const startMs = clock.wallMs();
    const known = new Map((await devices.list()).map((one) => [one.endpoint, one]));
    const own = await this.parts.ownEndpoint();
    const failed: { where: string; reason: string }[] = [];
    const round = new Round(known, (sighting, before) => this.meet(sighting, before, startMs));
    await searchNetwork(config, {
      clock,
      signal: this.stopping.signal,
      found: (sighting) => {
        if (own === undefined || !sameEndpoint(own, sighting.endpoint)) round.found(sighting);
      },
      failed: (where, reason) => failed.push({ where, reason }),
    });
    const { found, added } = await round.end();
    await devices.forget(startMs - FORGET_AFTER_MS);
    if (failed.length > 0) log.warn({ failed }, 'not every network could be searched');
    log.debug({ found, added, durMs: clock.wallMs() - startMs }, 'the network was searched');
    return { found, added, failed };
  }

  /** A device that a camera of the configuration names is adopted already. */
  private async recognise(id: number): Promise<void> {
    const { devices, cameraOf } = this.parts;
    const device = await devices.get(id);
    const camera = device && cameraOf(device);
    if (camera !== undefined && device?.camera !== camera) await devices.adopt(id, camera);
  }

  /** @returns whether the device is kept */
  private async meet(
    sighting: DeviceSighting,
    before: Device | undefined,
    startMs: number,
  ): Promise<boolean> {
    const { clock, devices, reader, log } = this.parts;
    const device = await devices.sighted(sighting, clock.wallMs());
    if (device === undefined) return false;
    if (before === undefined)
      log.info({ device: device.id, address: sighting.address }, 'a device was found');
    if (device.decision === 'ignored') return true;
    const id = await reader.read(device, { before, asideMs: startMs });
    await this.recognise(id);
    return true;
  }
}

/** Which of several addresses is taken: one that is good everywhere, and IPv4 first, as people write it. */
function worthOf(address: string | undefined): number {
  if (address === undefined) return 0;
  return isLinkLocal(address) ? 1 : address.includes(':') ? 2 : 3;
}

/** The answers of one search, by device. */
class Round {
  private readonly waiting = new Map<string, DeviceSighting>();
  private readonly met = new Set<string>();
  private readonly work = new Set<Promise<void>>();
  private readonly queue: (() => Promise<void>)[] = [];
  private failure: unknown;
  private kept = 0;
  private added = 0;

  constructor(
    private readonly known: ReadonlyMap<string, Device>,
    private readonly meet: (
      sighting: DeviceSighting,
      before: Device | undefined,
    ) => Promise<boolean>,
  ) {}

  /**
   * A device that answers where it was is met at once; one that may only have another address too, at the end, and so one that
   * is heard from a link-local address: it is likely to have a better one.
   */
  found(sighting: DeviceSighting): void {
    const { endpoint, address } = sighting;
    if (this.met.has(endpoint)) return;
    const before = this.known.get(endpoint)?.addresses[0] ?? (isLinkLocal(address) ? '' : address);
    if (before === address) this.begin(sighting);
    else if (worthOf(address) > worthOf(this.waiting.get(endpoint)?.address))
      this.waiting.set(endpoint, sighting);
  }

  async end(): Promise<{ found: number; added: number }> {
    for (const sighting of this.waiting.values())
      if (!this.met.has(sighting.endpoint)) this.begin(sighting);
    while (this.work.size > 0) await Promise.race(this.work);
    if (this.failure !== undefined) throw this.failure;
    return { found: this.kept, added: this.added };
  }

  private begin(sighting: DeviceSighting): void {
    this.met.add(sighting.endpoint);
    this.queue.push(async () => {
      const before = this.known.get(sighting.endpoint);
      if (!(await this.meet(sighting, before))) return;
      this.kept += 1;
      if (before === undefined) this.added += 1;
    });
    this.next();
  }

  private next(): void {
    const task = this.work.size < READERS ? this.queue.shift() : undefined;
    if (task === undefined) return;
    const running = this.run(task);
    this.work.add(running);
    void running.finally(() => {
      this.work.delete(running);
      this.next();
    });
  }

  private async run(task: () => Promise<void>): Promise<void> {
    try {
      await task();
    } catch (error) {
      this.failure ??= error;
    }
  }
}
