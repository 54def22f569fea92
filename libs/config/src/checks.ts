import path from 'node:path';
import type { KeyPath } from './config-text.js';
import { checkUser } from './access/check-user.js';
import { checkPassword } from './check-password.js';
import { noSuch } from './nearest.js';
import { checkQueue } from './queue.js';
import type { Known, Report } from './report.js';
import { isTimeZone } from './schedule.js';
import { checkWhenOffline } from './when-offline.js';
import type { CameraEntry, ConfigFile, UrlReference } from './schema.js';

/** First path parts of RTSP URLs that mean something else than a camera. */
const RESERVED_CAMERA_NAMES: readonly string[] = ['playback', 'files'];

/** What no single key can show: references, exclusive choices, duplicates. */
export function checkFile(file: ConfigFile, known: Known, report: Report, warn: Report): void {
  const nobodyLogsIn = Object.keys(file.users).length === 0 && !known.broken.has('users');
  for (const [name, camera] of Object.entries(file.cameras)) {
    checkCamera(name, camera, report);
    for (const [stream, entry] of Object.entries(camera.streams)) {
      if (typeof entry !== 'string')
        checkWhenOffline(name, stream, entry.whenOffline, file, report);
    }
    if (nobodyLogsIn) warnOfUnpublishable(name, camera, warn);
    checkRecords(name, camera, file, known, report);
    checkRoom(name, camera, file, known, warn);
    checkPolicy(camera.retention, ['cameras', name, 'retention'], report);
    const group = camera.group === undefined ? undefined : file.groups[camera.group]?.retention;
    checkAgainstGroup(camera.retention, group, ['cameras', name, 'retention'], report);
  }
  for (const [name, { retention }] of Object.entries(file.groups))
    checkPolicy(retention, ['groups', name, 'retention'], report);
  for (const [name, schedule] of Object.entries(file.schedules))
    checkSchedule(name, schedule, report);
  for (const [name, user] of Object.entries(file.users)) {
    checkUser(name, user, { known, groups: Object.keys(file.groups) }, report, warn);
  }
  checkUrlReference(file.database, 'database', report);
  checkUrlReference(file.queue, 'queue', report);
  checkQueue(file.queue, report);
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
  if (camera.reconnect.initial > camera.reconnect.max) {
    report([...at, 'reconnect', 'initial'], 'must not be longer than reconnect.max');
  }
  if (camera.credentials !== undefined) {
    checkPassword(camera.credentials, [...at, 'credentials'], report);
  }
  for (const [stream, entry] of Object.entries(camera.streams)) {
    if (typeof entry !== 'string') checkStream(entry, [...at, 'streams', stream], report);
  }
}

function warnOfUnpublishable(name: string, camera: CameraEntry, warn: Report): void {
  for (const [stream, entry] of Object.entries(camera.streams)) {
    if (typeof entry !== 'string' && entry.source === 'publish')
      warn(
        ['cameras', name, 'streams', stream, 'source'],
        'nobody can publish: it needs the login of a user, and there are none',
      );
  }
}

function checkStream(
  stream: Exclude<CameraEntry['streams'][string], string>,
  at: KeyPath,
  report: Report,
): void {
  const { source, url, transport, credentials, backchannel, secondPublisher } = stream;
  if (credentials !== undefined) checkPassword(credentials, [...at, 'credentials'], report);
  if (source === 'pull') {
    if (url === undefined) report([...at, 'url'], 'is required');
    if (secondPublisher !== 'refuse')
      report([...at, 'secondPublisher'], 'has a meaning with source: publish only', 'key');
    return;
  }
  const pullKeys = {
    url: url !== undefined,
    transport: transport !== 'auto',
    credentials: credentials !== undefined,
    backchannel,
  };
  for (const [key, given] of Object.entries(pullKeys)) {
    if (given)
      report([...at, key], 'has no meaning with source: publish; the encoder decides', 'key');
  }
}

/** What a camera refers to: its streams, schedules, group and volumes. */
function checkRecords(
  name: string,
  camera: CameraEntry,
  file: ConfigFile,
  known: Known,
  report: Report,
): void {
  const at: KeyPath = ['cameras', name];
  const refer = (where: KeyPath, what: string, section: string, to: string): void => {
    const names = Object.keys(file[section as 'schedules' | 'groups'] ?? DEFAULT_VOLUMES);
    if (!known.broken.has(section) && !names.includes(to)) report(where, noSuch(what, to, names));
  };
  if (camera.group !== undefined) refer([...at, 'group'], 'group', 'groups', camera.group);
  for (const [index, volume] of (camera.volumes ?? []).entries())
    refer([...at, 'volumes', index], 'volume', 'volumes', volume);
  const { record } = camera;
  if (typeof record !== 'object') return;
  const streams = Object.keys(camera.streams);
  const seen = new Set<string>();
  for (const [index, entry] of (Array.isArray(record) ? record : [record]).entries()) {
    const here: KeyPath = [...at, 'record', ...(Array.isArray(record) ? [index] : [])];
    if (!streams.includes(entry.stream))
      report([...here, 'stream'], noSuch('stream', entry.stream, streams));
    if (seen.has(entry.stream))
      report([...here, 'stream'], `stream ${entry.stream} is recorded by an earlier entry`);
    seen.add(entry.stream);
    if (entry.schedule !== undefined)
      refer([...here, 'schedule'], 'schedule', 'schedules', entry.schedule);
    else if (entry.mode === 'schedule')
      report(here, 'mode schedule needs the name of a schedule', 'key');
  }
}

/** A camera that is recorded needs a volume that is written. */
function checkRoom(
  name: string,
  { record, volumes: own }: CameraEntry,
  { volumes = {} }: ConfigFile,
  known: Known,
  warn: Report,
): void {
  const records = typeof record === 'object' ? [record].flat().map(({ mode }) => mode) : [record];
  if (known.broken.has('volumes') || records.every((mode) => (mode ?? 'off') === 'off')) return;
  const entries = (own ?? Object.keys(volumes)).flatMap((volume) => volumes[volume] ?? []);
  if (entries.length === 0 || entries.some(({ state }) => state === 'active')) return;
  const at: KeyPath = ['cameras', name, own === undefined ? 'record' : 'volumes'];
  warn(at, 'nothing is recorded: no volume for it is active', 'key');
}

/** The volumes of a file that names none. */
const DEFAULT_VOLUMES = { main: true };

type Ages = Pick<CameraEntry['retention'], 'maxAge' | 'minAge'> & {
  readonly events?: { readonly maxAge: number } | undefined;
};

function checkPolicy({ maxAge, minAge, events }: Ages, at: KeyPath, report: Report): void {
  if (minAge !== undefined && maxAge !== undefined && minAge > maxAge)
    report([...at, 'minAge'], 'must not be longer than maxAge');
  if (events !== undefined && maxAge !== undefined && events.maxAge < maxAge)
    report([...at, 'events', 'maxAge'], 'must not be shorter than maxAge');
}

/** What a camera says against its group, value by value; what one of the two says alone is looked at by itself. */
function checkAgainstGroup(
  own: CameraEntry['retention'],
  group: ConfigFile['groups'][string]['retention'] | undefined,
  at: KeyPath,
  report: Report,
): void {
  const { maxAge, minAge, events } = own;
  const shared = { maxAge: group?.maxAge, minAge: group?.minAge };
  if (minAge !== undefined && maxAge === undefined && minAge > (shared.maxAge ?? Infinity))
    report([...at, 'minAge'], 'must not be longer than maxAge of its group');
  if (maxAge !== undefined && minAge === undefined && maxAge < (shared.minAge ?? 0))
    report([...at, 'maxAge'], 'must not be shorter than minAge of its group');
  if (events !== undefined && maxAge === undefined && events.maxAge < (shared.maxAge ?? 0))
    report([...at, 'events', 'maxAge'], 'must not be shorter than maxAge of its group');
  if ((events ?? group?.events) !== undefined && (maxAge ?? shared.maxAge) === undefined)
    report(
      events === undefined ? at.slice(0, -1) : [...at, 'events'],
      'footage of events is kept longer than the rest: that needs maxAge, here or in its group',
      'key',
    );
}

function checkSchedule(
  name: string,
  { timeZone, exceptions }: ConfigFile['schedules'][string],
  report: Report,
): void {
  const at: KeyPath = ['schedules', name];
  if (!isTimeZone(timeZone))
    report([...at, 'timeZone'], `"${timeZone}" is no IANA time zone such as Europe/Berlin`);
  for (const [index, { date, until }] of exceptions.entries()) {
    if (until !== undefined && until < date)
      report([...at, 'exceptions', index, 'until'], 'must not be before date');
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
  for (const [name, volume] of Object.entries(volumes)) {
    checkPolicy(volume, ['volumes', name], report);
    if (volume.events !== undefined && volume.maxAge === undefined)
      report(
        ['volumes', name, 'events'],
        'footage of events stays longer than the rest: that needs maxAge',
        'key',
      );
  }
  checkFolders(volumes, report);
}

/** A folder belongs to one volume. */
function checkFolders(volumes: NonNullable<ConfigFile['volumes']>, report: Report): void {
  const folders = Object.entries(volumes).map(([name, volume]) => ({
    name,
    folder: path.resolve(volume.path),
  }));
  for (const [index, { name, folder }] of folders.entries()) {
    const at = ['volumes', name, 'path'];
    for (const other of folders.slice(0, index)) {
      if (folder === other.folder) report(at, `is the path of volume ${other.name} too`);
      else if (isInside(folder, other.folder)) report(at, `lies inside volume ${other.name}`);
      else if (isInside(other.folder, folder)) report(at, `volume ${other.name} lies inside it`);
    }
  }
}

function isInside(folder: string, other: string): boolean {
  const relative = path.relative(other, folder);
  return relative !== '' && relative.split(path.sep)[0] !== '..';
}

function checkPorts(file: ConfigFile, known: Known, report: Report): void {
  const listeners = (['rtsp', 'http', 'operations'] as const)
    .filter((key) => !known.broken.has(key))
    .map((key) => ({ name: key as string, at: [key, 'port'], ...file[key] }));
  const tlsPort = known.broken.has('rtsp') ? undefined : file.rtsp.tls?.port;
  if (tlsPort !== undefined) {
    const at = ['rtsp', 'tls', 'port'];
    listeners.push({ name: 'rtsp.tls', at, host: file.rtsp.host, port: tlsPort });
  }
  for (const [index, { at, host, port }] of listeners.entries()) {
    const clash = listeners
      .slice(0, index)
      .find((other) => port !== 0 && other.port === port && sameAddress(other.host, host));
    if (clash !== undefined) report(at, `port ${port} is the port of ${clash.name} too`);
  }
}

function sameAddress(a: string, b: string): boolean {
  const all = ['0.0.0.0', '::'];
  return a === b || all.includes(a) || all.includes(b);
}
