import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import type { Clock } from '@nightjar/common';
import {
  deviceService,
  eventService,
  imagingService,
  invalidValue,
  media2Service,
  mediaService,
  NETWORK_VIDEO_TRANSMITTER,
  ONVIF_DEVICE,
  OnvifServer,
  ptzService,
  PullPoints,
  xAddrOf,
  type Call,
  type DevicePort,
  type Endpoint,
  type Gate,
  type ImagingSettings,
  type MediaPort,
  type MediaProfile,
  type Service,
  type VideoEncoding,
  type VideoSource,
} from '@nightjar/onvif';
import type { SimulatedCamera } from '../camera.js';
import type { Credentials } from '../camera-login.js';
import { CameraGate, type OnvifCaller } from './camera-gate.js';
import { encodingsOf } from './encoding.js';
import type { Personality } from './personality.js';
import { Signals, type Signal } from './signals.js';
import { SimulatedHead } from './simulated-head.js';

export interface OnvifCameraOptions {
  readonly camera: SimulatedCamera;
  readonly sub: SimulatedCamera | undefined;
  readonly personality: Personality;
  readonly credentials: Credentials | undefined;
  readonly clock: Clock;
  /** RTSP port of a camera. */
  readonly rtspPort: (camera: SimulatedCamera) => number;
  /** JPEG of what it films; undefined when there is none. */
  readonly snapshot: Buffer | undefined;
}

const NODE = 'ptz0';
const SOURCE = 'vs0';
const MAX_REBOOT_SECONDS = 2;
const PICTURE: ImagingSettings = {
  brightness: 50,
  colorSaturation: 50,
  contrast: 50,
  sharpness: 50,
  irCutFilter: 'AUTO',
};

/** The ONVIF side of one simulated camera: what it is, knows and does. */
export class OnvifCamera {
  readonly server: OnvifServer<OnvifCaller>;
  private readonly gate: CameraGate;
  private readonly points: PullPoints;
  private readonly signals: Signals;
  private readonly head: SimulatedHead;
  private skewMs: number;
  private timeZone = 'UTC0';
  private ntp: readonly string[] = [];
  private imaging = PICTURE;
  /** Encoders that were set otherwise than what the clip is: told, not done. */
  private readonly set = new Map<string, VideoEncoding>();

  constructor(private readonly options: OnvifCameraOptions) {
    const { camera, clock, personality, credentials } = options;
    this.skewMs = personality.clockSkew * 1000;
    this.gate = new CameraGate({
      credentials,
      personality,
      clock,
      deviceMs: () => this.wallMs,
      denies: () => camera.deniesLogin,
    });
    this.points = new PullPoints(clock);
    this.signals = new Signals(SOURCE, personality, () => this.wallMs);
    this.head = new SimulatedHead(clock);
    this.server = new OnvifServer(this.services());
  }

  get name(): string {
    return this.options.camera.name;
  }

  get reachable(): boolean {
    return this.options.camera.reachability === 'up';
  }

  get snapshot(): Buffer | undefined {
    return this.options.snapshot;
  }

  /** Of the camera's own clock. */
  get wallMs(): number {
    return this.options.clock.wallMs() + this.skewMs;
  }

  /** Subscribers hear of what changed. */
  signal(states: Partial<Record<Signal, boolean>>): void {
    for (const event of this.signals.set(states)) this.points.publish(event);
  }

  gateOf(request: IncomingMessage): Gate<OnvifCaller> {
    return this.gate.gateOf(request);
  }

  scheme({ socket }: IncomingMessage): 'http' | 'https' {
    return socket instanceof TLSSocket ? 'https' : 'http';
  }

  challenges(request: IncomingMessage): string[] {
    return this.gate.challenges(request.socket.remoteAddress ?? '');
  }

  /** As WS-Discovery tells of it; undefined for one that cannot be found. */
  endpoint(origin: string): Endpoint | undefined {
    const { personality } = this.options;
    if (!personality.discoverable || !this.reachable) return undefined;
    const wrong = personality.wrongXAddr;
    const right = xAddrOf(origin, 'device_service');
    return {
      address: this.endpointReference,
      types: [NETWORK_VIDEO_TRANSMITTER, ONVIF_DEVICE],
      scopes: this.scopes(),
      xAddrs: wrong === undefined ? [right] : [xAddrOf(`http://${wrong}`, 'device_service'), right],
      metadataVersion: 1,
    };
  }

  close(): void {
    this.points.close();
  }

  private get serial(): string {
    const { personality, camera } = this.options;
    return personality.serial ?? hexOf(camera.name).slice(0, 12).toUpperCase();
  }

  private get endpointReference(): string {
    const hex = hexOf(this.serial);
    // A UUID of version 8, which makers may fill as they like. RFC 9562 s.5.8.
    const parts = [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`];
    return `urn:uuid:${parts.join('-')}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
  }

  private scopes(): string[] {
    const { personality, camera } = this.options;
    const scope = (kind: string, value: string): string =>
      `onvif://www.onvif.org/${kind}/${encodeURIComponent(value)}`;
    return [
      scope('name', camera.name),
      scope('hardware', personality.model),
      scope('location', 'simulated'),
      scope('type', 'video_encoder'),
      'onvif://www.onvif.org/Profile/Streaming',
    ];
  }

  private services(): Service<OnvifCaller>[] {
    const { personality, clock } = this.options;
    const media = this.media();
    const others = [
      mediaService(media),
      ...(personality.media2 ? [media2Service(media)] : []),
      eventService(this.events(), this.points, { clock }),
      imagingService<OnvifCaller>({
        settings: (token) => {
          if (token !== SOURCE) throw invalidValue(`no source ${token}`, 'ter:NoSource');
          return this.imaging;
        },
        set: (_token, settings) => {
          this.imaging = settings;
        },
      }),
      ...(personality.ptz
        ? [ptzService({ nodes: [NODE], head: () => this.head, clock: this.clock() }, media)]
        : []),
    ];
    return [deviceService(this.device(), () => others), ...others];
  }

  private clock(): Pick<Clock, 'wallMs'> {
    return { wallMs: () => this.wallMs as ReturnType<Clock['wallMs']> };
  }

  private device(): DevicePort<OnvifCaller> {
    const { personality, camera, credentials } = this.options;
    const { manufacturer, model, firmware, login, wrongXAddr } = personality;
    return {
      information: {
        manufacturer,
        model,
        firmwareVersion: firmware,
        serialNumber: this.serial,
        hardwareId: 'simulated',
      },
      endpointReference: this.endpointReference,
      scopes: () => this.scopes(),
      hostname: () => camera.name,
      clock: this.clock(),
      timeZone: () => this.timeZone,
      discoverable: () => personality.discoverable,
      interfaces: () => [],
      ports: () => [{ name: 'RTSP', port: this.options.rtspPort(camera) }],
      users: () =>
        credentials === undefined ? [] : [{ name: credentials.username, level: 'Administrator' }],
      multicast: false,
      logins: { digest: login !== 'token', usernameToken: login === 'any' || login === 'token' },
      ...(wrongXAddr !== undefined && {
        xAddr: (service: string) => xAddrOf(`http://${wrongXAddr}`, service),
      }),
      control: {
        setClock: (wallMs, timeZone) => {
          this.timeZone = timeZone ?? this.timeZone;
          this.skewMs = wallMs === undefined ? 0 : wallMs - this.options.clock.wallMs();
        },
        ntp: () => this.ntp,
        setNtp: (servers) => {
          this.ntp = servers;
        },
        reboot: () => {
          camera.inject({ reboot: MAX_REBOOT_SECONDS });
          return `Rebooting in ${MAX_REBOOT_SECONDS} seconds`;
        },
      },
    };
  }

  private media(): MediaPort<OnvifCaller> {
    return {
      profiles: () => this.profiles(),
      streaming: { multicast: false, secure: false },
      streamUri: (profile, protocol, { origin }: Call<OnvifCaller>) => {
        if (protocol !== 'RtspUnicast' && protocol !== 'RTSP')
          throw invalidValue(`${protocol} is not served`, 'ter:InvalidStreamSetup');
        const { camera, sub, rtspPort } = this.options;
        const streamed = profile.token === 'sub' ? (sub ?? camera) : camera;
        const scheme = isSecure(origin) ? 'rtsps' : 'rtsp';
        return `${scheme}://${this.hostOf(origin)}:${rtspPort(streamed)}/${streamed.name}`;
      },
      snapshotUri: (_profile, { origin }) =>
        this.snapshot &&
        `${isSecure(origin) ? 'https' : 'http'}://${this.authorityOf(origin)}/snapshot.jpg`,
      encoders: {
        options: (profile) => ({
          resolutions: [
            { width: profile.video?.widthPixels ?? 0, height: profile.video?.heightPixels ?? 0 },
          ],
          gopFrames: [1, 400],
          framesPerSecond: [5, 10, 15, 20, 25],
          kilobitsPerSecond: [32, 16_384],
        }),
        set: (profile, encoding) => {
          const { widthPixels, heightPixels, codec } = profile.video ?? encoding;
          const same =
            encoding.widthPixels === widthPixels &&
            encoding.heightPixels === heightPixels &&
            encoding.codec === codec;
          if (!same) throw invalidValue('this resolution is all there is', 'ter:ConfigModify');
          if (this.options.personality.encoders === 'ignore') return;
          this.set.set(profile.token, encoding);
        },
      },
    };
  }

  private profiles(): MediaProfile[] {
    const { camera, sub, personality } = this.options;
    const main = this.profile('main', camera, personality.ptz);
    return sub === undefined ? [main] : [main, this.profile('sub', sub, personality.ptz)];
  }

  private profile(token: string, of: SimulatedCamera, ptz: boolean): MediaProfile {
    const { video, audio } = encodingsOf(of.filmed);
    return {
      token,
      name: token,
      source: this.source(),
      video: this.set.get(token) ?? video,
      ...(audio && { audio }),
      ...(ptz && { ptzNode: NODE }),
    };
  }

  private source(): VideoSource {
    const { widthPixels, heightPixels, framesPerSecond } = encodingsOf(
      this.options.camera.filmed,
    ).video;
    return { token: SOURCE, widthPixels, heightPixels, framesPerSecond };
  }

  private events(): Parameters<typeof eventService<OnvifCaller>>[0] {
    const { wrongXAddr } = this.options.personality;
    return {
      topics: () => this.signals.topics,
      current: () => this.signals.current,
      visible: () => true,
      ownerOf: (caller) => caller?.name ?? '',
      clock: this.clock(),
      ...(wrongXAddr !== undefined && {
        subscriptionAddress: (path: string) => xAddrOf(`http://${wrongXAddr}`, path),
      }),
    };
  }

  private authorityOf(origin: string): string {
    return this.options.personality.wrongXAddr ?? new URL(origin).host;
  }

  private hostOf(origin: string): string {
    return this.authorityOf(origin).replace(/:\d+$/, '');
  }
}

function isSecure(origin: string): boolean {
  return origin.startsWith('https:');
}

function hexOf(text: string): string {
  return createHash('sha256').update(`camsim ${text}`).digest('hex');
}
