import { NightjarError, systemClock, type Clock } from '@nightjar/common';
import { DiscoveryResponder } from '@nightjar/onvif-device';
import { authority } from '../authority.js';
import type { SimulatedCamera } from '../camera.js';
import type { Credentials } from '../camera-login.js';
import { OnvifCamera } from './onvif-camera.js';
import { OnvifPort, type OnvifPlace } from './onvif-port.js';
import { DEFAULT_PERSONALITY, type Personality } from './personality.js';
import { loadSnapshot } from './snapshots.js';

export interface OnvifOptions extends OnvifPlace {
  /** First HTTP port; each camera takes the next one, or any if it is 0. */
  readonly port: number;
  readonly personalities?: Readonly<Record<string, Partial<Personality>>>;
  /** Interfaces on which cameras answer WS-Discovery; undefined = none, empty = all but loopback. */
  readonly discovery?: readonly string[];
}

export interface OnvifHost {
  readonly cameras: ReadonlyMap<string, SimulatedCamera>;
  readonly footageOf: (name: string) => string;
  readonly rtspPort: (camera: SimulatedCamera) => number;
  readonly credentials: Credentials | undefined;
  readonly clock?: Clock;
  readonly failed: (error: unknown) => void;
}

/** The ONVIF sides of all simulated cameras, each on an HTTP port of its own, found together by WS-Discovery. */
export class OnvifNetwork {
  private readonly ports = new Map<string, OnvifPort>();
  private readonly faces = new Map<string, OnvifCamera>();
  private readonly responder: DiscoveryResponder | undefined;

  /** Throws NightjarError `invalid` or `not-found` for personalities of cameras that are not there. */
  constructor(
    options: OnvifOptions,
    private readonly host: OnvifHost,
  ) {
    const { personalities = {}, discovery, tls } = options;
    const scheme = tls === undefined ? 'http' : 'https';
    const { clock = systemClock } = host;
    for (const name of Object.keys(personalities)) cameraOf(host, name);
    const subs = new Set(Object.values(personalities).map(({ sub }) => sub));
    for (const [name, camera] of host.cameras) {
      if (subs.has(name)) continue;
      const personality = { ...DEFAULT_PERSONALITY, ...personalities[name] };
      const face = new OnvifCamera({
        camera,
        sub: personality.sub === undefined ? undefined : cameraOf(host, personality.sub),
        personality,
        credentials: host.credentials,
        clock,
        rtspPort: host.rtspPort,
        snapshot: loadSnapshot(host.footageOf(name)),
      });
      const port = options.port === 0 ? 0 : options.port + this.ports.size;
      this.faces.set(name, face);
      this.ports.set(name, new OnvifPort(face, { ...options, port }, host.failed));
    }
    if (discovery !== undefined)
      this.responder = new DiscoveryResponder({
        clock,
        interfaces: discovery.length === 0 ? undefined : discovery,
        failed: host.failed,
        endpoints: ({ address }) =>
          [...this.faces].flatMap(
            ([name, face]) =>
              face.endpoint(`${scheme}://${authority(address, this.ports.get(name)?.port ?? 0)}`) ??
              [],
          ),
      });
  }

  /** URLs of device services by camera; those that are the sub stream of another have none. */
  get urls(): Record<string, string> {
    return Object.fromEntries([...this.ports].map(([name, port]) => [name, port.url]));
  }

  /** Throws NightjarError `not-found`. */
  face(name: string): OnvifCamera {
    const face = this.faces.get(name);
    if (face === undefined)
      throw new NightjarError('not-found', 'camsim/camera', `${name} has no ONVIF side`);
    return face;
  }

  async start(): Promise<void> {
    for (const port of this.ports.values()) await port.start();
    // They are cameras all the same where nobody can find them.
    await this.responder?.start().catch(this.host.failed);
  }

  async stop(): Promise<void> {
    await this.responder?.stop();
    for (const port of this.ports.values()) port.stop();
  }
}

function cameraOf({ cameras }: OnvifHost, name: string): SimulatedCamera {
  const camera = cameras.get(name);
  if (camera === undefined)
    throw new NightjarError('not-found', 'camsim/camera', `No camera "${name}"`);
  return camera;
}
