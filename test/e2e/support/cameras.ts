import type { CameraStatus } from '../../../apps/camsim/src/camera.js';
import type { FaultRequest } from '../../../apps/camsim/src/faults.js';
import type { Stage } from './open-stage.js';

interface Ready {
  readonly control: string;
  /** RTSP URL by name, without login. */
  readonly cameras: Readonly<Record<string, string>>;
  /** URL of the device service by name, with `--onvif`. */
  readonly onvif?: Readonly<Record<string, string>>;
}

/** Simulated cameras in a process of their own, and their control port. */
export class Cameras {
  private constructor(private readonly ready: Ready) {}

  /** @param footage camera name to clip, or `synthetic`; `flags` are further ones of camsim, `env` may hold its login */
  static async start(
    stage: Stage,
    footage: Readonly<Record<string, string>>,
    flags: readonly string[] = [],
    env: NodeJS.ProcessEnv = {},
  ): Promise<Cameras> {
    const cameras = Object.entries(footage).flatMap(([name, clip]) => [
      '--camera',
      `${name}=${clip}`,
    ]);
    const args = [
      '--listen',
      '127.0.0.1:0',
      '--control',
      '127.0.0.1:0',
      '--own-ports',
      ...cameras,
      ...flags,
    ];
    return new Cameras(await stage.start('camsim', args, env).ready<Ready>());
  }

  url(name: string): string {
    const url = this.ready.cameras[name];
    if (url === undefined) throw new Error(`no camera ${name}`);
    return url;
  }

  onvifUrl(name: string): string {
    const url = this.ready.onvif?.[name];
    if (url === undefined) throw new Error(`${name} has no ONVIF side`);
    return url;
  }

  async status(name: string): Promise<CameraStatus> {
    return await this.call('GET', `/cameras/${name}`);
  }

  /** What was said to a camera lately, G.711 u-law. */
  async heard(name: string): Promise<Buffer> {
    const response = await fetch(`${this.ready.control}/cameras/${name}/heard`);
    if (response.status !== 200) throw new Error(`camsim answered ${response.status}`);
    return Buffer.from(await response.arrayBuffer());
  }

  async statuses(): Promise<readonly CameraStatus[]> {
    const response = await fetch(`${this.ready.control}/cameras`);
    return await bodyOf<CameraStatus[]>(response);
  }

  /** Makes things go wrong; see FaultRequest for what there is. */
  async inject(name: string, faults: FaultRequest): Promise<void> {
    await this.call('POST', `/cameras/${name}/faults`, faults);
  }

  async heal(name: string): Promise<void> {
    await this.call('DELETE', `/cameras/${name}/faults`);
  }

  private async call(method: string, path: string, body?: object): Promise<CameraStatus> {
    const response = await fetch(this.ready.control + path, {
      method,
      ...(body && { body: JSON.stringify(body) }),
    });
    return await bodyOf<CameraStatus>(response);
  }
}

async function bodyOf<T>(response: Response): Promise<T> {
  if (response.status !== 200) throw new Error(`camsim answered ${response.status}`);
  return (await response.json()) as T;
}
