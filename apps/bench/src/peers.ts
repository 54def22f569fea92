import path from 'node:path';

export interface PeerSetup {
  /** TCP port of its RTSP server; UDP ports are chosen from the same number. */
  readonly rtspPort: number;
  /** Cameras to pull over TCP and to serve under {@link PeerKind.mount}. */
  readonly cameraUrls: readonly string[];
  /** Folder to record all cameras to, for peers that {@link PeerKind.records}. */
  readonly recordTo?: string;
}

/** How to run another relay for the same cases. */
export interface PeerKind {
  /** Name of its configuration file, if it reads one. */
  readonly file?: string;
  /** Text of that file. */
  configuration?(setup: PeerSetup): string;
  /** @param file where the configuration lies */
  arguments(file: string, setup: PeerSetup): string[];
  /** Path under which it serves a camera of so many. */
  mount(camera: number, cameras: number): string;
  readonly records: boolean;
  /** Whether readers can have UDP. */
  readonly udp: boolean;
}

/** Of mediamtx: what else would listen. */
const UNUSED_SERVICES = ['rtmp', 'hls', 'webrtc', 'srt', 'moq', 'api', 'metrics'];

const mountByNumber = (camera: number): string => `cam${camera}`;

/** Relays that the benchmark knows to set up; their binaries are given by the caller: `--peer mediamtx=PATH`. */
export const PEERS: Readonly<Record<string, PeerKind>> = {
  mediamtx: {
    file: 'mediamtx.yml',
    configuration: ({ rtspPort, cameraUrls, recordTo }) => {
      const evenPort = rtspPort - (rtspPort % 2);
      return [
        'logLevel: error',
        `rtspAddress: 127.0.0.1:${rtspPort}`,
        'rtspTransports: [tcp, udp]',
        `rtpAddress: 127.0.0.1:${evenPort}`,
        `rtcpAddress: 127.0.0.1:${evenPort + 1}`,
        ...UNUSED_SERVICES.map((service) => `${service}: false`),
        ...(recordTo === undefined
          ? []
          : [
              'pathDefaults:',
              '  record: true',
              '  recordFormat: fmp4',
              `  recordPath: ${recordTo}/%path/%Y-%m-%d_%H-%M-%S-%f`,
            ]),
        'paths:',
        ...cameraUrls.flatMap((url, camera) => [
          `  ${mountByNumber(camera)}:`,
          `    source: ${url}`,
          '    rtspTransport: tcp',
        ]),
      ].join('\n');
    },
    arguments: (file) => [file],
    mount: mountByNumber,
    records: true,
    udp: true,
  },
  go2rtc: {
    file: 'go2rtc.yaml',
    configuration: ({ rtspPort, cameraUrls }) =>
      [
        'log: { level: error }',
        `rtsp: { listen: "127.0.0.1:${rtspPort}" }`,
        'api: { listen: "" }',
        'webrtc: { listen: "" }',
        'srtp: { listen: "" }',
        'streams:',
        ...cameraUrls.map((url, camera) => `  ${mountByNumber(camera)}: ${url}`),
      ].join('\n'),
    arguments: (file) => ['-config', file],
    mount: mountByNumber,
    records: false,
    udp: false,
  },
  live555: {
    arguments: (_, { rtspPort, cameraUrls }) => ['-t', '-p', String(rtspPort), ...cameraUrls],
    // live555ProxyServer numbers its streams from one, unless there is only one.
    mount: (camera, cameras) => (cameras === 1 ? 'proxyStream' : `proxyStream-${camera + 1}`),
    records: false,
    udp: true,
  },
};

/** A binary given on the command line. */
export interface Peer {
  readonly name: string;
  readonly binary: string;
}

/** Reads `NAME=PATH`. @throws Error for a name that {@link PEERS} does not have */
export function parsePeer(text: string): Peer {
  const at = text.indexOf('=');
  const name = text.slice(0, Math.max(0, at));
  if (!Object.hasOwn(PEERS, name) || at === text.length - 1) {
    throw new Error(
      `--peer wants NAME=PATH with NAME one of ${Object.keys(PEERS).join(', ')}, not "${text}"`,
    );
  }
  return { name, binary: path.resolve(text.slice(at + 1)) };
}
