import { readFileSync } from 'node:fs';
import path from 'node:path';

/** How to run another relay for the same cases. */
export interface PeerKind {
  /** Text of its configuration file: pull `cameraUrl`/cam0 over TCP and serve it as /cam0 on `rtspPort`. */
  configuration(rtspPort: number, cameraUrl: string): string;
  /** Name of that file. */
  readonly file: string;
  /** Arguments that make it read that file. */
  arguments(file: string): string[];
}

/** Relays that the bench knows to configure; their binaries are given by the caller: `--peer mediamtx=PATH`. */
export const PEERS: Readonly<Record<string, PeerKind>> = {
  mediamtx: {
    file: 'mediamtx.yml',
    configuration: (port, cameraUrl) =>
      [
        'logLevel: warn',
        `rtspAddress: 127.0.0.1:${port}`,
        'rtspTransports: [tcp]',
        ...['rtmp', 'hls', 'webrtc', 'srt', 'api', 'metrics'].map((service) => `${service}: no`),
        'paths:',
        '  cam0:',
        `    source: ${cameraUrl}/cam0`,
        '    rtspTransport: tcp',
      ].join('\n'),
    arguments: (file) => [file],
  },
  go2rtc: {
    file: 'go2rtc.yaml',
    configuration: (port, cameraUrl) =>
      [
        'log: { level: warn }',
        `rtsp: { listen: "127.0.0.1:${port}" }`,
        'api: { listen: "" }',
        'webrtc: { listen: "" }',
        'srtp: { listen: "" }',
        'streams:',
        `  cam0: ${cameraUrl}/cam0`,
      ].join('\n'),
    arguments: (file) => ['-config', path.resolve(file)],
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
  const name = text.slice(0, at);
  if (at <= 0 || !Object.hasOwn(PEERS, name)) {
    throw new Error(
      `--peer wants NAME=PATH with NAME one of ${Object.keys(PEERS).join(', ')}, not "${text}"`,
    );
  }
  return { name, binary: path.resolve(text.slice(at + 1)) };
}

/** Ticks of /proc/PID/stat per second, USER_HZ: 100 on every Linux of today. */
const TICKS_PER_SECOND = 100;

/** User and system time of a process that is not ours, from /proc (Linux): proc(5), fields 14 and 15. */
export function cpuSecondsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}
