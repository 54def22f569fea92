import path from 'node:path';
import {
  hasPassword,
  mapRecord,
  readPassword,
  readUrl,
  toLogin,
  type ConversionContext,
} from './conversion.js';
import type {
  CameraConfig,
  ListenConfig,
  NightjarConfig,
  RecordConfig,
  RetentionPolicy,
} from './model.js';
import { followDevice, toCameraOnvif, toDiscovery } from './discovery/to-discovery.js';
import { toAccess, toLimits, toUnauthorized, toUser } from './access/to-access.js';
import { toQueue } from './queue.js';
import { toSchedule } from './schedule.js';
import { recordSchema, type CameraEntry, type ConfigFile, type RecordEntry } from './schema.js';
import { toStreams } from './to-streams.js';
import { toCameraTls, toServerTls } from './to-tls.js';
import { toWhenOffline } from './when-offline.js';

/** Expands shorthands, reads secrets and resolves paths. What cannot be read is reported and left empty. */
export async function toConfig(
  file: ConfigFile,
  context: ConversionContext,
): Promise<NightjarConfig> {
  const dataDir = dataDirOf(file, context);
  const { rtsp, recording } = file;
  return {
    version: 1,
    dataDir,
    rtsp: {
      host: rtsp.host,
      port: rtsp.port,
      udp: rtsp.udp,
      udpPort: rtsp.udpPort,
      udpBurstBytes: rtsp.udpBurst,
      udpBurstIntervalMs: rtsp.udpBurstInterval,
      sessionTimeoutMs: rtsp.sessionTimeout,
      srtp: rtsp.srtp,
      multicast: { ...rtsp.multicast, interface: rtsp.multicast.interface },
      tls: await toServerTls(rtsp.tls, dataDir, context),
      webSocketOrigins: rtsp.webSocketOrigins,
      closeAfterMs: rtsp.closeAfter,
      maxReaderQueueBytes: rtsp.maxReaderQueueBytes,
      startTimeoutMs: rtsp.startTimeout,
    },
    relay: { gopCacheBytes: file.relay.gopCache },
    http: {
      host: file.http.host,
      port: file.http.port,
      trustedProxies: file.http.trustedProxies,
      rtspServer: file.http.rtspServer ?? { host: reachable(rtsp.host), port: rtsp.port },
    },
    onvif: {
      ...file.onvif,
      location: file.onvif.location,
      discovery: {
        enabled: file.onvif.discovery.enabled,
        interfaces: file.onvif.discovery.interfaces,
      },
    },
    operations: operationsOf(file, context),
    volumes: await mapRecord(
      file.volumes ?? {
        main: {
          path: path.join(dataDir, 'volumes', 'main'),
          minFreeBytes: DEFAULT_MIN_FREE_BYTES,
          state: 'active' as const,
          // Nightjar's own folder in its own data directory: nobody mounts anything there without saying so.
          adopt: 'empty' as const,
        },
      },
      (volume) => ({
        path: path.resolve(context.baseDir, volume.path),
        minFreeBytes: volume.minFreeBytes,
        maxBytes: volume.maxBytes,
        ages: {
          maxAgeMs: volume.maxAge,
          minAgeMs: volume.minAge,
          eventMaxAgeMs: volume.events?.maxAge,
        },
        state: volume.state,
        adopt: volume.adopt,
      }),
    ),
    media: { processes: file.media.processes },
    files: {
      root: file.files.root && path.resolve(context.baseDir, file.files.root),
      maxOpen: file.files.maxOpen,
    },
    recording: {
      segmentMs: recording.segment,
      fragmentMs: recording.fragment,
      sync: recording.sync,
      queueBytes: recording.queueBytes,
      placement: recording.placement,
      whenFull: recording.whenFull,
    },
    database: {
      url:
        context.environment['NIGHTJAR_DATABASE_URL'] ||
        (await readUrl(file.database, 'database', context)),
    },
    queue: await toQueue(file.queue, context),
    retention: { intervalMs: file.retention.interval, maxShare: file.retention.maxShare },
    events: {
      file: file.events.file && path.resolve(context.baseDir, file.events.file),
      maxAgeMs: file.events.maxAge,
    },
    discovery: await toDiscovery(file.discovery, context),
    integrity: {
      intervalMs: file.integrity.interval,
      maxBytesPerSecond: file.integrity.maxRate,
      checkpoints: file.integrity.checkpoints,
    },
    exports: {
      directory:
        file.exports.directory === undefined
          ? path.join(dataDir, 'exports')
          : path.resolve(context.baseDir, file.exports.directory),
      maxAgeMs: file.exports.maxAge,
      maxBytes: file.exports.maxBytes,
    },
    pictures: { ffmpeg: commandOf(file.pictures.ffmpeg, context.baseDir) },
    groups: await mapRecord(file.groups, ({ retention }) => ({ retention: toPolicy(retention) })),
    schedules: await mapRecord(file.schedules, toSchedule),
    users: await mapRecord(file.users, async (user, name) =>
      toUser(
        user,
        hasPassword(user) ? await readPassword(user, ['users', name], context) : undefined,
      ),
    ),
    access: toAccess(file.access),
    limits: toLimits(file.limits),
    cameras: await mapRecord(file.cameras, (camera, name) => {
      // What Nightjar keeps itself must not make a file invalid that is none of it.
      const isManaged = context.managed.has(name);
      const inContext = isManaged ? { ...context, report: context.warn } : context;
      return toCamera(camera, name, file.discovery.enforce, inContext);
    }),
    log: file.log,
  };
}

/** Several roles on one machine share the file, but not the port; a probe of a container comes from outside. */
function operationsOf(file: ConfigFile, { environment, report }: ConversionContext): ListenConfig {
  const host = environment['NIGHTJAR_OPERATIONS_HOST'] || file.operations.host;
  const given = environment['NIGHTJAR_OPERATIONS_PORT'];
  if (!given) return { host, port: file.operations.port };
  const port = /^\d{1,5}$/.test(given) ? Number(given) : NaN;
  if (!(port <= 65_535))
    report(['operations', 'port'], `NIGHTJAR_OPERATIONS_PORT is ${given}: not a port`);
  return { host, port };
}

/** What has no slash is looked up on the PATH. */
function commandOf(command: string | readonly string[], baseDir: string): string[] {
  const [program = '', ...args] = typeof command === 'string' ? [command] : command;
  return [program.includes('/') ? path.resolve(baseDir, program) : program, ...args];
}

const DEFAULT_MIN_FREE_BYTES = 1e9;
const DEFAULT_DATA_DIR = 'nightjar-data';

/** Absolute. */
export function dataDirOf(
  file: Pick<ConfigFile, 'dataDir'>,
  { environment, baseDir }: Pick<ConversionContext, 'environment' | 'baseDir'>,
): string {
  const fromEnvironment = environment['NIGHTJAR_DATA_DIR'];
  if (fromEnvironment) return path.resolve(fromEnvironment);
  return file.dataDir === undefined
    ? path.resolve(DEFAULT_DATA_DIR)
    : path.resolve(baseDir, file.dataDir);
}

async function toCamera(
  camera: CameraEntry,
  name: string,
  enforce: ConfigFile['discovery']['enforce'],
  context: ConversionContext,
): Promise<CameraConfig> {
  const at = ['cameras', name];
  const declared = await toLogin(camera.credentials, [...at, 'credentials'], context);
  const { streams, credentials } = await toStreams(camera.streams, declared, at, context);
  return {
    name,
    streams: followDevice(streams, camera.onvif, ownValue(context.addresses, name)),
    credentials,
    onvif: toCameraOnvif(camera.onvif, enforce, streams, (path, message) =>
      context.report([...at, 'onvif', ...path], message),
    ),
    managed: context.managed.has(name) || undefined,
    tls: await toCameraTls(camera.tls, [...at, 'tls'], context),
    redirectHosts: camera.redirectHosts,
    whenOffline: toWhenOffline(name, camera.streams),
    record: toRecords(camera.record),
    retention: toPolicy(camera.retention),
    group: camera.group,
    volumes: camera.volumes,
    priority: camera.priority,
    reconnect: {
      initialMs: camera.reconnect.initial,
      maxMs: camera.reconnect.max,
      tries: camera.reconnect.tries,
      unauthorized: toUnauthorized(camera.reconnect.unauthorized),
    },
    inactivityMs: camera.inactivity,
  };
}

function ownValue<V>(record: Readonly<Record<string, V>>, key: string): V | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

function toRecords(record: CameraEntry['record']): readonly RecordConfig[] {
  if (record === undefined) return [];
  if (typeof record === 'string') return [toRecord(recordSchema.parse({ mode: record }))];
  return (Array.isArray(record) ? record : [record]).map(toRecord);
}

function toRecord({ stream, mode, schedule, event }: RecordEntry): RecordConfig {
  return {
    stream,
    mode,
    schedule,
    event: {
      types: event.types,
      preRollMs: event.preRoll,
      preRollBytes: event.preRollBytes,
      postRollMs: event.postRoll,
      maxLengthMs: event.maxLength,
      whenUnheard: event.whenUnheard,
    },
  };
}

function toPolicy({ maxAge, maxBytes, minAge, events }: CameraEntry['retention']): RetentionPolicy {
  return {
    maxAgeMs: maxAge,
    maxBytes,
    minAgeMs: minAge,
    events: events && { maxAgeMs: events.maxAge, types: events.types },
  };
}

/** What listens on all addresses of this machine is reached by the loopback one. */
function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  return host === '::' ? '::1' : host;
}
