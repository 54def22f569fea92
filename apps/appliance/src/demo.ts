import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { NightjarConfig } from '@nightjar/config';
import { keptSecret } from '@nightjar/data-directory';

const USER = 'viewer';
const CAMERA_USER = 'camera';
const MINUTE_MS = 60_000;

export interface Demo {
  readonly configFile: string;
  /** Login of the simulated cameras, for the environment of the simulator. */
  readonly cameraLogin: Login;
  /** Login of a player. */
  readonly login: Login;
}

export interface Login {
  readonly username: string;
  readonly password: string;
}

/** Ports that the demo does not leave at their defaults. */
export interface DemoPorts {
  readonly listen?: number | undefined;
  readonly http?: number | undefined;
  readonly operations?: number | undefined;
}

/**
 * Writes `<dataDir>/demo/nightjar.yaml` for cameras simulated at `cameraPort` of this machine, anew at each start, and its
 * passwords once.
 */
export function writeDemo(dataDir: string, cameraPort: number, ports: DemoPorts): Demo {
  const directory = path.join(dataDir, 'demo');
  const configFile = path.join(directory, 'nightjar.yaml');
  const passwordFile = path.join(directory, 'viewer-password');
  const cameraPasswordFile = path.join(directory, 'camera-password');
  const password = keptSecret(passwordFile);
  const cameraPassword = keptSecret(cameraPasswordFile);
  const camera = (name: string, recorded: boolean): string => {
    const lines = [
      `  ${name}:`,
      `    streams: { main: { url: 'rtsp://127.0.0.1:${cameraPort}/${name}' } }`,
      `    credentials: { username: ${CAMERA_USER}, passwordFile: camera-password }`,
    ];
    if (recorded) {
      lines.push(
        '    record: { stream: main, mode: continuous }',
        '    retention: { maxAge: 1d, maxBytes: 2GB }',
      );
    }
    return lines.join('\n');
  };
  const portLines = [
    ['rtsp', ports.listen],
    ['http', ports.http],
    ['operations', ports.operations],
  ].flatMap(([section, port]) => (port === undefined ? [] : [`${section}: { port: ${port} }`]));
  mkdirSync(directory, { recursive: true });
  writeFileSync(
    configFile,
    [
      '# The demo. Written at each start; for a configuration of your own make a nightjar.yaml where you start Nightjar.',
      'version: 1',
      ...portLines,
      'users:',
      `  ${USER}: { passwordFile: viewer-password, role: viewer }`,
      'cameras:',
      camera('front-door', true),
      camera('garden', true),
      '  # Not recorded: connected while somebody watches.',
      camera('workshop', false),
      '',
    ].join('\n'),
  );
  return {
    configFile,
    cameraLogin: { username: CAMERA_USER, password: cameraPassword },
    login: { username: USER, password },
  };
}

/** What the demo prints when it serves: addresses with the login, ready to paste. `nowMs`: Unix epoch. */
export function demoBanner(
  config: Pick<NightjarConfig, 'rtsp' | 'http' | 'operations' | 'dataDir'>,
  { username, password }: Login,
  nowMs: number,
): string {
  const rtsp = `rtsp://${username}:${password}@${reachable(config.rtsp.host)}:${config.rtsp.port}`;
  const start = new Date(nowMs - MINUTE_MS).toISOString().replace(/\.\d+Z$/, 'Z');
  const live = `${rtsp}/front-door`;
  const playback = `${rtsp}/playback/front-door?start=${start}`;
  const http = `http://${reachable(config.http.host)}:${config.http.port}`;
  const operations = `http://${reachable(config.operations.host)}:${config.operations.port}`;
  return `
Nightjar is running a demo with simulated cameras; footage goes to ${config.dataDir}.

  live       ${live}
             ${rtsp}/garden
             ${rtsp}/workshop   (not recorded, connected while watched)
  playback   ${playback}   (any time since the first start)

  ffplay -rtsp_transport tcp '${live}'
  ffplay -rtsp_transport tcp '${playback}'
  vlc '${live}'

  API        ${http}/api/v1/cameras   (same login)
  metrics    ${operations}/metrics

For cameras of your own write a nightjar.yaml (see README.md) and start again. Ctrl-C stops.
`;
}

/** An address to type for one that is listened on. */
function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}
