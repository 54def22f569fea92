import path from 'node:path';
import type { Device, DeviceRepository } from '@nightjar/catalog';
import { hostOfUrl, NightjarError, type Clock } from '@nightjar/common';
import {
  isCameraName,
  printCamera,
  updateManaged,
  writeSecret,
  type NightjarConfig,
} from '@nightjar/config';
import type { Login, OpenOnvifClient, ReadDevice } from '../client/onvif-client.js';
import { UNTRUSTED } from '../client/device-http.js';
import { readAtFirst } from '../device-reader.js';
import type { TestedStream } from './await-keyframe.js';
import { cameraEntry } from './camera-entry.js';
import { chooseStreams } from './choose-streams.js';

const RESERVED: readonly string[] = ['playback', 'files'];

export interface AdoptionRequest {
  /** Of the camera that it becomes. */
  readonly name: string;
  readonly login: Login | undefined;
  readonly passwordText: boolean;
  /** SHA-256 of the certificate that the device shows; undefined: one that an authority vouches for. */
  readonly fingerprint: string | undefined;
  /** `managed`: Nightjar keeps the camera. `declared`: its entry is returned for the file. */
  readonly as: 'managed' | 'declared';
  /** For `declared`: where the password is, as the entry is to say. */
  readonly passwordFile: string | undefined;
  readonly followsDevice: boolean;
  readonly record: 'continuous' | 'event' | undefined;
}

export interface Adoption {
  readonly camera: string;
  /** Entry of `cameras`, ready to be pasted into the file. */
  readonly yaml: string;
  readonly managed: boolean;
  readonly streams: readonly string[];
}

export interface AdopterParts {
  readonly devices: Pick<DeviceRepository, 'read' | 'adopt'>;
  readonly open: OpenOnvifClient;
  /** Resolves when the stream brought a keyframe. */
  readonly awaitKeyframe: (stream: TestedStream) => Promise<void>;
  readonly config: () => NightjarConfig;
  readonly clock: Clock;
}

/** Makes cameras of devices. */
export class Adopter {
  constructor(private readonly parts: AdopterParts) {}

  /**
   * Logs in, chooses the streams, sees a keyframe of the main one, and only then takes the device as a camera.
   * @throws NightjarError `invalid` for a name that no camera may have, `conflict` for one that is taken and for a device that
   *   is a camera or streams nothing that is recorded; `invalid` for a login that the device refuses and for a certificate that
   *   is not to be trusted, which is named; `unavailable`, `protocol`
   *   or `forbidden` when the device or its stream does not pass. Nothing is changed then
   */
  async adopt(device: Device, request: AdoptionRequest): Promise<Adoption> {
    const { devices, clock, config } = this.parts;
    const { name, login, as } = request;
    this.mustBeFree(device, name);
    const { read, url, streams } = await this.examine(device, request);
    const { reading } = read;
    const isManaged = as === 'managed';
    const { dataDir } = config();
    const passwordFile = isManaged
      ? path.join(dataDir, 'secrets', 'cameras', name)
      : (request.passwordFile ?? `/run/secrets/${name}`);
    const entry = cameraEntry(
      { ...device, serial: reading.serial ?? device.serial },
      {
        ...request,
        streams,
        login: login && { username: login.username, passwordFile },
      },
    );
    const atMs = clock.wallMs();
    const id = await devices.read(device.id, reading, [], { atMs, asideMs: device.lastSeenMs });
    if (isManaged) {
      if (login !== undefined) await writeSecret(passwordFile, login.password);
      const host = hostOfUrl(url);
      await updateManaged(dataDir, (before) => ({
        cameras: { ...before.cameras, [name]: entry },
        addresses: request.followsDevice ? { ...before.addresses, [name]: host } : before.addresses,
      }));
    }
    await devices.adopt(id, name);
    return {
      camera: name,
      yaml: printCamera(name, entry),
      managed: isManaged,
      streams: streams.sub === undefined ? ['main'] : ['main', 'sub'],
    };
  }

  private mustBeFree({ id, decision, camera }: Device, name: string): void {
    if (!isCameraName(name) || RESERVED.includes(name))
      throw new NightjarError(
        'invalid',
        'discovery/name',
        'the name of a camera is 1 to 63 lower-case letters, digits and hyphens, and neither playback nor files',
      );
    if (Object.hasOwn(this.parts.config().cameras, name))
      throw new NightjarError('conflict', 'discovery/name-taken', `there is a camera ${name}`);
    if (decision === 'adopted' && Object.hasOwn(this.parts.config().cameras, camera ?? ''))
      throw new NightjarError(
        'conflict',
        'discovery/adopted',
        `device ${id} is camera ${camera} already`,
      );
  }

  /** Login and fingerprint are of who asks us: that they do not fit is no refusal of ours. */
  private async examine(
    device: Device,
    { login, passwordText, fingerprint }: AdoptionRequest,
  ): Promise<{ readonly read: ReadDevice; readonly url: string; readonly streams: Streams }> {
    const { open, awaitKeyframe } = this.parts;
    const trust =
      fingerprint === undefined ? undefined : { ca: undefined, fingerprint, insecure: false };
    try {
      const { url, ...read } = await readAtFirst(open, device, { login, passwordText, trust });
      if (read.problem !== undefined)
        throw new NightjarError('invalid', 'discovery/login', read.problem);
      const streams = chooseStreams(read.reading.profiles ?? []);
      if (streams === undefined)
        throw new NightjarError(
          'conflict',
          'discovery/no-stream',
          `device ${device.id} has no stream in H.264 or H.265`,
        );
      await awaitKeyframe({ url: streams.main.streamUrl, login, trust });
      return { read, url, streams };
    } catch (error) {
      if (!(error instanceof NightjarError)) throw error;
      if (error.kind !== 'unauthenticated' && error.code !== UNTRUSTED) throw error;
      throw new NightjarError('invalid', error.code, error.message, error.where, error);
    }
  }
}

type Streams = NonNullable<ReturnType<typeof chooseStreams>>;
