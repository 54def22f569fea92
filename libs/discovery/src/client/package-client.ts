import type { DeviceProfile, DeviceReading } from '@nightjar/catalog';
import { messageOf, NightjarError, systemClock, type Clock } from '@nightjar/common';
import type { XmlElement } from '@nightjar/onvif';
import { CameraAccounts } from '@nightjar/relay';
import type { PtzCommand, PtzPreset } from '../ptz/ptz-command.js';
import { readPresets, writeCommand, writePresetsRequest } from '../ptz/ptz-requests.js';
import { cleanText } from '../untrusted.js';
import { DeviceAddress } from './device-address.js';
import { DeviceConnection } from './device-connection.js';
import { createAskHttp } from './device-http.js';
import { readClockSettings, writeClockSettings, writeEncoder } from './device-settings.js';
import type {
  ClockSettings,
  EncoderChange,
  EventSubscription,
  OnvifClient,
  OnvifTarget,
  OpenOnvifClient,
  ReadDevice,
  Snapshot,
} from './onvif-client.js';
import { PullPoint } from './pull-point.js';
import { readCapabilities, readServices, type Services } from './read-services.js';
import { readProfiles, type BareProfile } from './read-profiles.js';
import { escaped, RequestWriter, UNUSED, type WrittenRequest } from './request-writer.js';

const MAX_SNAPSHOT_BYTES = 16 * 1024 * 1024;
const JPEG_START = 0xffd8;
/** A refused login is tried again after an hour: whoever mends it at the camera should not have to restart us. */
const UNAUTHORIZED = { tries: 3, pauseMs: 60_000, afterwardsMs: 3_600_000 };

/** Clients whose requests the onvif package writes. Refused logins are remembered over all of them. */
export function createOnvifClients(clock: Clock = systemClock): OpenOnvifClient {
  const accounts = new CameraAccounts(clock);
  return (target) => new PackageClient(connect(target, clock, accounts), clock);
}

function connect(target: OnvifTarget, clock: Clock, accounts: CameraAccounts): DeviceConnection {
  const address = new DeviceAddress(target.url, target.allowHosts);
  return new DeviceConnection({
    address,
    login: target.login,
    passwordText: target.passwordText ?? false,
    endpoint: target.endpoint,
    ask: createAskHttp(target.trust, clock, address.zone),
    clock,
    accounts,
    unauthorized: UNAUTHORIZED,
  });
}

class PackageClient implements OnvifClient {
  private readonly writer = new RequestWriter();
  private services: Services | undefined;

  constructor(
    private readonly connection: DeviceConnection,
    private readonly clock: Clock,
  ) {}

  async read(): Promise<ReadDevice> {
    await this.connection.readClock();
    let reading: DeviceReading = {
      ...NOBODY,
      capabilities: undefined,
      profiles: undefined,
      clockOffsetMs: this.connection.clockOffsetMs,
    };
    try {
      const services = await this.findServices();
      reading = { ...reading, capabilities: [...services.keys()] };
      const who = await this.ask(this.writer.write((cam) => cam.getDeviceInformation(UNUSED)));
      reading = { ...reading, ...identityOf(who) };
      const profiles = await this.readProfiles(services);
      return { reading: { ...reading, profiles }, problem: undefined };
    } catch (error) {
      const isLogin =
        error instanceof NightjarError && ['unauthenticated', 'forbidden'].includes(error.kind);
      if (!isLogin) throw error;
      return { reading, problem: messageOf(error) };
    }
  }

  async identify(): Promise<string | undefined> {
    await this.connection.readClock();
    return await this.connection.endpointReference();
  }

  async subscribe(): Promise<EventSubscription> {
    await this.connection.readClock();
    const service = (await this.findServices()).get('events');
    if (service === undefined)
      throw new NightjarError(
        'protocol',
        'discovery/unsupported',
        'the device offers no service for events',
      );
    return await PullPoint.open(this.connection, service);
  }

  async ptz(profile: string, command: PtzCommand): Promise<void> {
    const presets = 'preset' in command ? await this.presets(profile) : [];
    await this.ask(writeCommand(this.writer, profile, command, presets));
  }

  async presets(profile: string): Promise<PtzPreset[]> {
    return readPresets(await this.ask(writePresetsRequest(this.writer, profile)));
  }

  async snapshot(url: string): Promise<Snapshot> {
    const { status, body } = await this.connection.fetch(
      this.connection.address.http(url),
      MAX_SNAPSHOT_BYTES,
    );
    if (status !== 200)
      throw new NightjarError('unavailable', 'discovery/snapshot', `the device answers ${status}`);
    if (body.length < 4 || body.readUInt16BE(0) !== JPEG_START)
      throw new NightjarError('protocol', 'discovery/snapshot', 'the device sends no JPEG picture');
    return { jpeg: body };
  }

  async clockSettings(): Promise<ClockSettings> {
    await this.connection.readClock();
    return await readClockSettings(this.connection);
  }

  async setClock(change: Partial<ClockSettings>, before: ClockSettings): Promise<void> {
    await writeClockSettings(this.connection, change, before, this.clock.wallMs());
  }

  async setEncoder(encoder: string, change: EncoderChange): Promise<void> {
    await writeEncoder(this.connection, await this.findServices(), encoder, change);
  }

  private async findServices(): Promise<Services> {
    const { address } = this.connection;
    if (this.services !== undefined) return this.services;
    try {
      const body = await this.ask(this.writer.write((cam) => cam.getServices(false, UNUSED)));
      this.services = readServices(body, address);
    } catch (error) {
      if (!isFault(error)) throw error;
      const body = await this.ask(this.writer.write((cam) => cam.getCapabilities(UNUSED)));
      this.services = readCapabilities(body, address);
    }
    return this.services;
  }

  private async readProfiles(services: Services): Promise<DeviceProfile[]> {
    const versions = [true, false].filter((media2) => services.has(media2 ? 'media2' : 'media'));
    for (const [index, media2] of versions.entries()) {
      try {
        const body = await this.ask(this.writer.write((cam) => cam.getProfiles(UNUSED), media2));
        const profiles: DeviceProfile[] = [];
        for (const profile of readProfiles(body))
          profiles.push({ ...profile, ...(await this.addressesOf(profile, media2)) });
        return profiles;
      } catch (error) {
        // Some offer Media2 and do not know it.
        if (!isFault(error) || index === versions.length - 1) throw error;
      }
    }
    return [];
  }

  private async addressesOf(
    { token, codec }: BareProfile,
    media2: boolean,
  ): Promise<Pick<DeviceProfile, 'streamUrl' | 'snapshotUrl'>> {
    if (codec === undefined) return { streamUrl: undefined, snapshotUrl: undefined };
    const profileToken = escaped(token);
    const { address } = this.connection;
    const stream = await this.uri(
      this.writer.write(
        (cam) => cam.getStreamUri({ profileToken, protocol: 'RTSP' }, UNUSED),
        media2,
      ),
      (text) => address.rtsp(text),
    );
    const snapshot = await this.uri(
      this.writer.write((cam) => cam.getSnapshotUri({ profileToken }, UNUSED), media2),
      (text) => address.http(text),
    );
    return { streamUrl: stream, snapshotUrl: snapshot };
  }

  /** Undefined for what the device does not offer. */
  private async uri(
    request: WrittenRequest,
    keep: (text: string | undefined) => string,
  ): Promise<string | undefined> {
    try {
      const body = await this.ask(request);
      return keep(body.textAt('Uri') ?? body.textAt('MediaUri', 'Uri'));
    } catch (error) {
      if (isFault(error)) return undefined;
      throw error;
    }
  }

  private async ask({ service, action, envelope }: WrittenRequest): Promise<XmlElement> {
    const url = service === undefined ? undefined : (await this.findServices()).get(service);
    if (service !== undefined && url === undefined)
      throw new NightjarError(
        'protocol',
        'discovery/unsupported',
        `the device offers no service for ${service}`,
      );
    return (await this.connection.ask({ url, action, envelope })).body;
  }
}

const NOBODY = {
  serial: undefined,
  make: undefined,
  model: undefined,
  firmware: undefined,
  hardware: undefined,
};

/** @param body GetDeviceInformationResponse */
function identityOf(body: XmlElement): Pick<DeviceReading, keyof typeof NOBODY> {
  return {
    serial: cleanText(body.textAt('SerialNumber')),
    make: cleanText(body.textAt('Manufacturer')),
    model: cleanText(body.textAt('Model')),
    firmware: cleanText(body.textAt('FirmwareVersion')),
    hardware: cleanText(body.textAt('HardwareId')),
  };
}

function isFault(error: unknown): boolean {
  return error instanceof NightjarError && error.kind === 'protocol';
}
