import { NightjarError, systemClock } from '@nightjar/common';
import type { Clock } from '@nightjar/common';
import { keyPairOf, type KeyPair } from '@nightjar/config';
import { makeSelfSigned, TlsDoor, type Mount, type MountResolver } from '@nightjar/relay';
import { authority } from './authority.js';
import { CameraLogin } from './camera-login.js';
import type { Credentials } from './camera-login.js';
import { CameraPort } from './camera-port.js';
import { SimulatedCamera } from './camera.js';
import type { CameraStatus } from './camera.js';
import { Footage } from './footage.js';
import type { MediaLoop } from './media-loop.js';
import { OnvifNetwork, type OnvifOptions } from './onvif/onvif-network.js';
import type { SyntheticOptions } from './synthetic.js';

/** Name of a camera and what it films: a clip of apps/camsim/clips, or `synthetic`. */
export interface CameraSpec {
  readonly name: string;
  readonly footage: string;
}

export interface SimulatorOptions {
  readonly cameras: readonly CameraSpec[];
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** 0, the default, takes any free port. */
  readonly port?: number;
  /** Gives each camera its own port (counting up from `port`), so that a camera that is down refuses TCP connections. */
  readonly ownPorts?: boolean;
  readonly credentials?: Credentials;
  /** What synthetic cameras send; default {@link DEFAULT_SYNTHETIC}. */
  readonly synthetic?: SyntheticOptions;
  /** Undefined: cameras have no ONVIF side. Its host is that of RTSP. */
  readonly onvif?: Omit<OnvifOptions, 'host' | 'tls'>;
  /** Whether the ONVIF side speaks TLS alone, and names streams by it; the certificate is made at the start. */
  readonly tls?: boolean;
  readonly clock?: Clock;
  /** See {@link CameraOptions.random}. */
  readonly random?: () => number;
  /** Told of defects and of listeners that could not be opened again. */
  readonly onError?: (error: unknown) => void;
}

export const DEFAULT_SYNTHETIC: SyntheticOptions = {
  codec: 'h264',
  bitsPerSecond: 4_000_000,
  framesPerSecond: 25,
  gopFrames: 50,
};

const DEFAULT_HOST = '127.0.0.1';
const CAMERA_NAME = /^[a-z0-9][a-z0-9-]{0,62}$/;

/** RTSP cameras in this process, with faults on demand. */
export class CameraSimulator {
  private readonly cameras = new Map<string, SimulatedCamera>();
  private readonly ports = new Map<SimulatedCamera, CameraPort>();
  private readonly tls: KeyPair | undefined;
  /** Undefined when cameras have no ONVIF side. */
  readonly onvif: OnvifNetwork | undefined;

  /** Throws NightjarError `invalid` or `not-found` for cameras that cannot be made. */
  constructor(private readonly options: SimulatorOptions) {
    const { clock = systemClock, random } = options;
    const footage = new Footage(options.synthetic ?? DEFAULT_SYNTHETIC);
    for (const spec of options.cameras) {
      if (!CAMERA_NAME.test(spec.name) || this.cameras.has(spec.name)) {
        const message = `"${spec.name}" cannot be a camera's name, or is one already`;
        throw new NightjarError('invalid', 'camsim/name', message);
      }
      const loop = footage.loop(spec.footage);
      const otherLoop = (): MediaLoop => footage.otherLoop(spec.footage);
      const camera = new SimulatedCamera({
        name: spec.name,
        loop,
        otherLoop,
        clock,
        ...(random && { random }),
      });
      camera.onReachability = () => this.reachabilityChanged(camera);
      this.cameras.set(spec.name, camera);
    }
    this.tls = options.tls === true ? ownCertificate(options.host, clock) : undefined;
    this.assignPorts(clock);
    this.onvif = options.onvif && this.makeOnvif(options.onvif, clock);
  }

  get statuses(): CameraStatus[] {
    return [...this.cameras.values()].map((camera) => camera.status);
  }

  /** Throws NightjarError `not-found`. */
  camera(name: string): SimulatedCamera {
    const camera = this.cameras.get(name);
    if (camera === undefined) {
      throw new NightjarError('not-found', 'camsim/camera', `No camera "${name}"`);
    }
    return camera;
  }

  /** RTSP URL of the first port, without a path. Valid after {@link start}. */
  get baseUrl(): string {
    return this.baseUrlOf([...this.ports.values()][0]);
  }

  /** RTSP URL of a camera, without credentials. Valid after {@link start}. */
  url(name: string): string {
    return `${this.baseUrlOf(this.ports.get(this.camera(name)))}/${name}`;
  }

  /** Throws NightjarError `conflict` or `forbidden` when a port cannot be opened. */
  async start(): Promise<void> {
    for (const [camera, port] of this.ports) {
      await port.setOpen(this.options.ownPorts !== true || camera.reachability === 'up');
    }
    await this.onvif?.start();
  }

  async stop(): Promise<void> {
    await this.onvif?.stop();
    await Promise.all([...new Set(this.ports.values())].map((port) => port.setOpen(false)));
  }

  private baseUrlOf(port: CameraPort | undefined): string {
    return `rtsp://${authority(this.options.host ?? DEFAULT_HOST, port?.port ?? 0)}`;
  }

  private makeOnvif(onvif: Omit<OnvifOptions, 'host' | 'tls'>, clock: Clock): OnvifNetwork {
    const { cameras, credentials, host = DEFAULT_HOST, onError } = this.options;
    return new OnvifNetwork(
      { ...onvif, host, tls: this.tls },
      {
        cameras: this.cameras,
        footageOf: (name) => cameras.find((one) => one.name === name)?.footage ?? '',
        rtspPort: (camera) => this.ports.get(camera)?.port ?? 0,
        credentials,
        clock,
        failed: (error) => onError?.(error),
      },
    );
  }

  private assignPorts(clock: Clock): void {
    const { host = DEFAULT_HOST, port = 0, ownPorts = false, credentials, onError } = this.options;
    const open = (number: number, names: ReadonlySet<string>): CameraPort =>
      new CameraPort({
        host,
        port: number,
        resolver: this.resolverFor(names),
        authenticator: new CameraLogin(
          credentials,
          (uri) => this.cameraOf(uri)?.deniesLogin === true,
          () => clock.wallMs(),
        ),
        clock,
        udp: true,
        cname: 'camsim',
        ...(this.tls && { doorway: { tls: new TlsDoor(this.tls) } }),
        ...(onError && { events: { failed: onError } }),
      });
    const shared = ownPorts ? undefined : open(port, new Set(this.cameras.keys()));
    let index = 0;
    for (const camera of this.cameras.values()) {
      const own = port === 0 ? 0 : port + index;
      this.ports.set(camera, shared ?? open(own, new Set([camera.name])));
      index += 1;
    }
  }

  private resolverFor(names: ReadonlySet<string>): MountResolver {
    return {
      // The promise keeps what is thrown: a resolver rejects.
      resolve: async (path, _query, principal): Promise<Mount> => {
        const camera = names.has(path) ? this.cameras.get(path) : undefined;
        const locked = this.options.credentials !== undefined && principal === undefined;
        if (locked || camera?.deniesLogin === true) {
          throw new NightjarError('unauthenticated', 'camsim/login', 'Login needed');
        }
        if (camera === undefined) {
          throw new NightjarError('not-found', 'camsim/camera', `No camera "${path}"`);
        }
        camera.assertReachable();
        return camera;
      },
    };
  }

  /** A camera that is down ends its sessions; one with a port of its own closes it. */
  private reachabilityChanged(camera: SimulatedCamera): void {
    const port = this.ports.get(camera);
    const up = camera.reachability === 'up';
    if (this.options.ownPorts === true) {
      port?.setOpen(up).catch((error: unknown) => this.options.onError?.(error));
    } else if (!up) {
      port?.endSessions(camera, camera.reachability);
    }
  }

  private cameraOf(uri: string): SimulatedCamera | undefined {
    const name = /^rtsps?:\/\/[^/]*\/([^/?#]+)/i.exec(uri)?.[1];
    return name === undefined ? undefined : this.cameras.get(name);
  }
}

function ownCertificate(host = DEFAULT_HOST, clock: Clock): KeyPair {
  const files = { certFile: 'made at the start', keyFile: 'made at the start' };
  return keyPairOf(makeSelfSigned([host.replace(/%.*$/, '')], clock.wallMs()), files);
}
