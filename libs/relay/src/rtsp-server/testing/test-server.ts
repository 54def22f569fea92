import { AccessPolicy, REALM } from '@nightjar/access';
import { NightjarError, type ManualClock } from '@nightjar/common';
import type { ServerLimits } from '../../limits/server-limits.js';
import { UserAuthenticator } from '../authenticator.js';
import type { RtspServerEvents } from '../rtsp-server-events.js';
import { RtspServer } from '../rtsp-server.js';
import type { TestMount } from './test-mount.js';

/** A server of one mount below `/front`, for everybody. */
export async function startServer(
  mount: TestMount,
  clock: ManualClock,
  events: RtspServerEvents = {},
  limits?: ServerLimits,
): Promise<RtspServer> {
  const server = new RtspServer({
    host: '127.0.0.1',
    port: 0,
    udp: true,
    clock,
    events,
    ...(limits === undefined ? {} : { limits }),
    authenticator: new UserAuthenticator(new AccessPolicy({}), { realm: REALM, now: Date.now }),
    resolver: {
      resolve: (path) =>
        path === 'front'
          ? Promise.resolve(mount)
          : Promise.reject(new NightjarError('not-found', 'test/none', path)),
    },
  });
  await server.listen();
  return server;
}
