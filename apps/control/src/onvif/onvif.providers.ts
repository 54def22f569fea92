import { hostname } from 'node:os';
import type { Provider } from '@nestjs/common';
import { AccessPolicy, AuditTrail, Logins, REALM } from '@nightjar/access';
import { Catalog, EventConnection } from '@nightjar/catalog';
import { EventListener } from '@nightjar/events';
import {
  deviceService,
  eventService,
  media2Service,
  mediaService,
  OnvifServer,
  PullPoints,
  recordingService,
  replayService,
  searchService,
} from '@nightjar/onvif';
import { HttpFootage } from '@nightjar/playback';
import { UserAuthenticator } from '@nightjar/relay';
import { RoleContext } from '@nightjar/role';
import type { OnvifCaller } from './caller.js';
import { keptIdentity } from './device-identity.js';
import { NightjarArchive } from './nightjar-archive.js';
import { NightjarDevice } from './nightjar-device.js';
import { NightjarEvents } from './nightjar-events.js';
import { NightjarMedia } from './nightjar-media.js';
import { OnvifFace } from './onvif-face.js';
import { OnvifGate } from './onvif-gate.js';
import { RecordedFacts } from './stream-facts.js';

/** Footage is known of when its segment is closed: two of them, and a little. */
const SEGMENTS_OF_PATIENCE = 2;
const PATIENCE_MS = 30_000;

export const ONVIF_PROVIDERS: Provider[] = [
  {
    provide: OnvifFace,
    useFactory: openFace,
    inject: [RoleContext, Catalog, AccessPolicy, Logins, HttpFootage, AuditTrail],
  },
];

async function openFace(
  context: RoleContext,
  catalog: Catalog,
  policy: AccessPolicy,
  logins: Logins,
  footage: HttpFootage,
  audit: AuditTrail,
): Promise<OnvifFace> {
  const { clock, watcher, logger } = context;
  const config = (): RoleContext['config'] => watcher.config;
  const now = (): number => clock.wallMs();
  const identity = await keptIdentity(config().dataDir);
  const device = new NightjarDevice({ config, policy, clock, identity, hostname: hostname() });
  const facts = new RecordedFacts(() => config().volumes, clock);
  const media = new NightjarMedia({ config, policy, facts });
  const patienceMs = (): number =>
    SEGMENTS_OF_PATIENCE * config().recording.segmentMs + PATIENCE_MS;
  const points = new PullPoints(clock);
  const events = new NightjarEvents({
    points,
    policy,
    clock,
    cameras: () => Object.keys(config().cameras),
    recorded: () => catalog.timeline.streams(),
    patienceMs,
  });
  const archive = new NightjarArchive({ catalog, config, policy, clock, facts, patienceMs });
  const others = [
    mediaService<OnvifCaller>(media),
    media2Service<OnvifCaller>(media),
    eventService<OnvifCaller>(events, points, { clock }),
    recordingService<OnvifCaller>(archive),
    searchService<OnvifCaller>(archive, { clock }),
    replayService<OnvifCaller>(archive),
  ];
  const gate = new OnvifGate({
    policy,
    logins,
    now,
    authenticator: new UserAuthenticator(policy, { realm: REALM, protocol: 'http', now, logins }),
    passwordOf: (name) => {
      const { users } = config();
      return Object.hasOwn(users, name) ? users[name]?.password : undefined;
    },
  });
  return new OnvifFace({
    config,
    clock,
    logger,
    device,
    server: new OnvifServer([deviceService(device, () => others), ...others]),
    gate,
    policy,
    footage,
    audit,
    events,
    listener: new EventListener({
      subscribe: (handlers) => EventConnection.open(context.databaseUrl ?? '', handlers),
      audience: events,
      lookBackMs: 0,
      clock,
      log: logger,
    }),
  });
}
