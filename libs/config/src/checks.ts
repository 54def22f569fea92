import path from 'node:path';
import type { KeyPath } from './config-text.js';
import { nearest } from './nearest.js';
import type { CameraEntry, ConfigFile, PasswordReference, UrlReference } from './schema.js';

/** Takes one finding; `at` says whether the key or the value is at fault. */
export type Report = (path: KeyPath, message: string, at?: 'key' | 'value') => void;

/** First path parts of RTSP URLs that mean something else than a camera. */
const RESERVED_CAMERA_NAMES: readonly string[] = ['playback', 'files'];

export interface Known {
  /** Every camera name in the file, also of cameras with errors of their own. */
  readonly cameras: ReadonlySet<string>;
  /** Top-level keys whose values did not pass the schema; what is compared with them is not judged. */
  readonly broken: ReadonlySet<string>;
}

/** What no single key can show: references, exclusive choices, duplicates. */
export function checkFile(file: ConfigFile, known: Known, report: Report, warn: Report): void {
  for (const [name, camera] of Object.entries(file.cameras)) checkCamera(name, camera, report);
  for (const [name, user] of Object.entries(file.users)) {
    checkPassword(user, ['users', name], report);
    checkUserCameras(name, user, known, report, warn);
  }
  checkUrlReference(file.database, 'database', report);
  checkUrlReference(file.queue, 'queue', report);
  const { url, urlFile, urlEnv } = file.queue;
  if (file.queue.backend === 'redis' && (url ?? urlFile ?? urlEnv) === undefined) {
    report(['queue'], 'backend redis needs url, urlFile or urlEnv');
  }
  if (file.recording.fragment > file.recording.segment) {
    report(['recording', 'fragment'], 'must not be longer than recording.segment');
  }
  if (file.volumes !== undefined) checkVolumes(file.volumes, report);
  checkPorts(file, known, report);
}

function checkCamera(name: string, camera: CameraEntry, report: Report): void {
  const at: KeyPath = ['cameras', name];
  if (RESERVED_CAMERA_NAMES.includes(name)) {
    report(at, `"${name}" is reserved for rtsp://HOST/${name}/...; choose another name`, 'key');
  }
  const streams = Object.keys(camera.streams);
  if (!streams.includes('main')) {
    report([...at, 'streams'], 'a stream named main is required', 'key');
  }
  if (typeof camera.record === 'object' && !streams.includes(camera.record.stream)) {
    report([...at, 'record', 'stream'], noSuch('stream', camera.record.stream, streams));
  }
  if (camera.reconnect.initial > camera.reconnect.max) {
    report([...at, 'reconnect', 'initial'], 'must not be longer than reconnect.max');
  }
  if (camera.credentials !== undefined) {
    checkPassword(camera.credentials, [...at, 'credentials'], report);
  }
}

function checkPassword(reference: PasswordReference, at: KeyPath, report: Report): void {
  const given = [reference.passwordFile, reference.passwordEnv].filter((x) => x !== undefined);
  if (given.length === 0) report(at, 'needs passwordFile or passwordEnv', 'key');
  if (given.length > 1) report(at, 'has both passwordFile and passwordEnv; keep one', 'key');
}

function checkUserCameras(
  name: string,
  user: ConfigFile['users'][string],
  known: Known,
  report: Report,
  warn: Report,
): void {
  if (user.role === 'admin' && user.cameras !== undefined) {
    warn(['users', name, 'cameras'], 'has no effect: an admin may see all cameras', 'key');
  }
  for (const [index, camera] of (user.cameras ?? []).entries()) {
    if (!known.cameras.has(camera)) {
      report(['users', name, 'cameras', index], noSuch('camera', camera, known.cameras));
    }
  }
}

function checkUrlReference(reference: UrlReference, section: string, report: Report): void {
  const given = [reference.url, reference.urlFile, reference.urlEnv].filter((x) => x !== undefined);
  if (given.length > 1)
    report([section], 'has more than one of url, urlFile, urlEnv; keep one', 'key');
  if (reference.url !== undefined && hasPassword(reference.url)) {
    report(
      [section, 'url'],
      'a password does not belong in this file; put the whole URL in a file of its own and name that with urlFile, or in an environment variable named by urlEnv',
    );
  }
}

function hasPassword(url: string): boolean {
  return /:\/\/[^/?#]*:[^/?#]*@/.test(url) || /[?&]password=/i.test(url);
}

function checkVolumes(volumes: NonNullable<ConfigFile['volumes']>, report: Report): void {
  const names = Object.keys(volumes);
  if (names.length === 0)
    report(['volumes'], 'names no volume; remove it for the default one', 'key');
  const seen = new Map<string, string>();
  for (const [name, volume] of Object.entries(volumes)) {
    const folder = path.resolve(volume.path);
    const other = seen.get(folder);
    if (other !== undefined)
      report(['volumes', name, 'path'], `is the path of volume ${other} too`);
    seen.set(folder, name);
  }
}

function checkPorts(file: ConfigFile, known: Known, report: Report): void {
  const listeners = (['rtsp', 'http', 'operations'] as const).filter(
    (key) => !known.broken.has(key),
  );
  for (const [index, key] of listeners.entries()) {
    const clash = listeners.slice(0, index).find((other) => {
      const [a, b] = [file[key], file[other]];
      return a.port !== 0 && a.port === b.port && sameAddress(a.host, b.host);
    });
    if (clash !== undefined) {
      report([key, 'port'], `port ${file[key].port} is the port of ${clash} too`);
    }
  }
}

function sameAddress(a: string, b: string): boolean {
  const all = ['0.0.0.0', '::'];
  return a === b || all.includes(a) || all.includes(b);
}

function noSuch(what: string, name: string, known: Iterable<string>): string {
  const suggestion = nearest(name, known);
  return suggestion === undefined
    ? `there is no ${what} "${name}"`
    : `there is no ${what} "${name}"; did you mean "${suggestion}"?`;
}
