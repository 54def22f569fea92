import { parseArgs } from 'node:util';
import { NightjarError, messageOf } from '@nightjar/common';
import type { VideoCodec } from './clip.js';
import { SYNTHETIC } from './footage.js';
import { parseFaults } from './faults.js';
import { parsePersonality } from './onvif/personality.js';
import type { FaultRequest } from './faults.js';
import type { CameraSpec, SimulatorOptions } from './simulator.js';

export const USAGE = `Simulated RTSP cameras.

  --listen HOST:PORT     RTSP (default 127.0.0.1:8654; port 0 takes any)
  --control HOST:PORT    HTTP control (default 127.0.0.1:8655)
  --own-ports            one RTSP port per camera, from that of --listen upwards
  --camera NAME=FOOTAGE  a clip of apps/camsim/clips, or "synthetic"; repeatable
                         (default front-door, garden and workshop)
  --count N              N synthetic cameras cam0, cam1, ... instead
  --fault NAME=JSON      faults from the start, such as front-door={"loss":0.01}; repeatable
  --bitrate 4M --fps 25 --gop 50 --codec h264|h265    of synthetic cameras
  --onvif PORT           an ONVIF side for each camera, on HTTP ports from this one upwards (0 takes any)
  --tls                  the ONVIF side speaks HTTPS alone and names rtsps:// streams, with a certificate of its own making
  --personality NAME=JSON  how that of one camera is, such as front-door={"media2":false}; repeatable
  --discovery INTERFACE  cameras answer WS-Discovery there, on "all" but loopback; repeatable
  --help

Each camera has a loudspeaker (ONVIF back channel); the control port has what it heard: GET /cameras/NAME/heard.
CAMSIM_USERNAME and CAMSIM_PASSWORD in the environment demand a Digest login.
`;

export interface Flags {
  readonly help: boolean;
  readonly simulator: SimulatorOptions;
  readonly control: { readonly host: string; readonly port: number };
  readonly faults: readonly { readonly camera: string; readonly faults: FaultRequest }[];
}

const DEFAULT_CAMERAS: readonly CameraSpec[] = ['front-door', 'garden', 'workshop'].map((name) => ({
  name,
  footage: name,
}));

/** Reads the command line and environment. Throws NightjarError `invalid`. */
export function parseFlags(args: readonly string[], env: NodeJS.ProcessEnv): Flags {
  const values = parse(args);
  const { CAMSIM_USERNAME: username, CAMSIM_PASSWORD: password } = env;
  return {
    help: values.help,
    simulator: {
      ...hostPort('listen', values.listen),
      ownPorts: values['own-ports'],
      cameras: camerasOf(values.camera, values.count),
      synthetic: {
        codec: codecOf(values.codec),
        bitsPerSecond: bitRate(values.bitrate),
        framesPerSecond: positive('fps', values.fps),
        gopFrames: Math.trunc(positive('gop', values.gop)),
      },
      ...(username && password && { credentials: { username, password } }),
      tls: values.tls,
      ...(values.onvif !== undefined && { onvif: onvifOf(values.onvif, values) }),
    },
    control: hostPort('control', values.control),
    faults: values.fault.map((text) => {
      const [camera, json] = split('fault', text);
      return { camera, faults: parseFaults(json) };
    }),
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        listen: { type: 'string', default: '127.0.0.1:8654' },
        control: { type: 'string', default: '127.0.0.1:8655' },
        'own-ports': { type: 'boolean', default: false },
        camera: { type: 'string', multiple: true, default: [] },
        count: { type: 'string' },
        fault: { type: 'string', multiple: true, default: [] },
        bitrate: { type: 'string', default: '4M' },
        fps: { type: 'string', default: '25' },
        gop: { type: 'string', default: '50' },
        codec: { type: 'string', default: 'h264' },
        onvif: { type: 'string' },
        tls: { type: 'boolean', default: false },
        personality: { type: 'string', multiple: true, default: [] },
        discovery: { type: 'string', multiple: true, default: [] },
        help: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    throw invalid(messageOf(error));
  }
}

function camerasOf(named: readonly string[], count: string | undefined): readonly CameraSpec[] {
  const cameras = named.map((text) => {
    const [name, footage] = split('camera', text);
    return { name, footage };
  });
  const many = count === undefined ? 0 : Math.trunc(positive('count', count));
  for (let index = 0; index < many; index += 1) {
    cameras.push({ name: `cam${index}`, footage: SYNTHETIC });
  }
  return cameras.length > 0 ? cameras : DEFAULT_CAMERAS;
}

function onvifOf(
  text: string,
  { personality, discovery }: { readonly personality: string[]; readonly discovery: string[] },
): NonNullable<SimulatorOptions['onvif']> {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port > 65_535)
    throw invalid(`--onvif wants a port, not "${text}"`);
  const personalities = personality.map((one) => {
    const [name, json] = split('personality', one);
    return [name, parsePersonality(json)] as const;
  });
  return {
    port,
    personalities: Object.fromEntries(personalities),
    ...(discovery.length > 0 && { discovery: discovery.includes('all') ? [] : discovery }),
  };
}

function split(flag: string, text: string): [string, string] {
  const at = text.indexOf('=');
  if (at <= 0) throw invalid(`--${flag} wants NAME=VALUE, not "${text}"`);
  return [text.slice(0, at), text.slice(at + 1)];
}

function hostPort(flag: string, text: string): { host: string; port: number } {
  const match = /^(.+):(\d{1,5})$/.exec(text);
  const port = Number(match?.[2]);
  if (match === null || port > 65_535) throw invalid(`--${flag} wants HOST:PORT, not "${text}"`);
  return { host: match[1]!.replace(/^\[|\]$/g, ''), port };
}

function positive(flag: string, text: string): number {
  const value = Number(text);
  if (!(value > 0 && Number.isFinite(value))) {
    throw invalid(`--${flag} wants a number above 0, not "${text}"`);
  }
  return value;
}

function codecOf(text: string): VideoCodec {
  if (text === 'h264' || text === 'h265') return text;
  throw invalid(`--codec wants h264 or h265, not "${text}"`);
}

/** `4M`, `800k` or plain bits per second. */
function bitRate(text: string): number {
  const match = /^([\d.]+)([kM]?)$/.exec(text);
  const unit = { k: 1_000, M: 1_000_000 }[match?.[2] ?? ''] ?? 1;
  return positive('bitrate', match?.[1] ?? text) * unit;
}

function invalid(message: string): NightjarError {
  return new NightjarError('invalid', 'camsim/flags', message);
}
