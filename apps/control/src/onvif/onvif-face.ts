import type { ServerResponse } from 'node:http';
import { messageOf, NightjarError, type Clock } from '@nightjar/common';
import type { NightjarConfig } from '@nightjar/config';
import type { EventListener } from '@nightjar/events';
import type { Logger } from '@nightjar/monitoring';
import {
  NETWORK_VIDEO_TRANSMITTER,
  ONVIF_DEVICE,
  SoapFault,
  xAddrOf,
  type DevicePort,
  type Endpoint,
  type OnvifServer,
} from '@nightjar/onvif';
import { answerSoap, DiscoveryResponder, type LocalAddress } from '@nightjar/onvif-device';
import { requireAccess, type AccessPolicy, type AuditTrail } from '@nightjar/access';
import type { HttpFootage } from '@nightjar/playback';
import { isIPv6 } from 'node:net';
import type { OnvifCaller } from './caller.js';
import type { NightjarEvents } from './nightjar-events.js';
import type { HttpRequest, OnvifGate } from './onvif-gate.js';

export interface OnvifFaceParts {
  readonly config: () => NightjarConfig;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly device: DevicePort<OnvifCaller>;
  readonly server: OnvifServer<OnvifCaller>;
  readonly gate: OnvifGate;
  readonly policy: AccessPolicy;
  readonly footage: Pick<HttpFootage, 'snapshot'>;
  readonly audit: AuditTrail;
  readonly events: NightjarEvents;
  readonly listener: EventListener;
}

const SNAPSHOT = /^\/onvif\/snapshot\/([a-z0-9][a-z0-9-]{0,62})\/([a-z0-9][a-z0-9-]{0,62})$/;
/** What a client sees of an error that a picture cannot be had for. */
const STATUS: Partial<Record<NightjarError['kind'], number>> = {
  unauthenticated: 401,
  forbidden: 403,
  'not-found': 404,
  exhausted: 429,
};

/** Nightjar as an ONVIF device: SOAP and snapshots below `/onvif`, WS-Discovery, events. */
export class OnvifFace {
  private responder: DiscoveryResponder | undefined;

  constructor(private readonly parts: OnvifFaceParts) {}

  /** Returns at once; what cannot be had is told in the log. */
  start(): void {
    const { config, events, listener, logger } = this.parts;
    const { onvif } = config();
    if (!onvif.enabled) return;
    events.start();
    listener.start();
    if (!onvif.discovery.enabled) return;
    this.responder = this.makeResponder();
    this.responder.start().catch((error: unknown) => {
      logger.error({ reason: messageOf(error) }, 'Nightjar cannot be found by WS-Discovery');
    });
  }

  async stop(): Promise<void> {
    const { events, listener, config } = this.parts;
    await this.responder?.stop();
    events.stop();
    if (config().onvif.enabled) await listener.stop();
  }

  /** Answers what is below `/onvif`. Never rejects. */
  async answer(request: HttpRequest, response: ServerResponse): Promise<void> {
    try {
      await this.route(request, response);
    } catch (error) {
      this.parts.logger.error({ err: error }, 'an ONVIF request failed');
      response.destroy();
    }
  }

  private async route(request: HttpRequest, response: ServerResponse): Promise<void> {
    const { config, server, gate, logger } = this.parts;
    const { enabled, hosts } = config().onvif;
    const path = (request.originalUrl ?? '').split('?')[0] ?? '';
    const snapshot = SNAPSHOT.exec(path);
    if (!enabled) {
      response.writeHead(404).end();
      return;
    }
    if (snapshot !== null) {
      await this.snapshot(request, response, snapshot[1]!, snapshot[2]!);
      return;
    }
    await answerSoap(request, response, {
      server,
      gateOf: (asking: HttpRequest) => gate.gateOf(asking),
      challenges: (asking: HttpRequest) => gate.challenges(asking),
      hosts: () => hosts,
      scheme: ({ secure }: HttpRequest) => (secure === true ? 'https' : 'http'),
      answered: ({ status, error }) => {
        if (status >= 500 && !(error instanceof SoapFault))
          logger.warn({ reason: messageOf(error) }, 'an ONVIF request failed');
      },
    });
  }

  private async snapshot(
    request: HttpRequest,
    response: ServerResponse,
    camera: string,
    stream: string,
  ): Promise<void> {
    const { gate, policy, footage, logger, audit } = this.parts;
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    try {
      const caller = await gate.identify(request, undefined);
      // The newest picture is of any time, as in the API.
      const any = { startMs: -Infinity, endMs: Infinity };
      requireAccess(policy, caller, 'playback', camera, any);
      const wanted = { camera, stream, at: 'latest' as const, size: undefined };
      const { jpeg } = await footage.snapshot(wanted, gone.signal);
      response.writeHead(200, {
        'Content-Type': 'image/jpeg',
        'Content-Length': jpeg.length,
        'Cache-Control': 'private, no-cache',
      });
      response.end(jpeg);
      audit.note('playback', {
        principal: caller?.name,
        address: request.ip,
        protocol: 'http',
        camera,
        data: { route: '/onvif/snapshot' },
      });
    } catch (error) {
      const status = (error instanceof NightjarError && STATUS[error.kind]) || 503;
      if (status === 503) logger.warn({ reason: messageOf(error) }, 'a snapshot failed');
      if (status === 401) response.setHeader('WWW-Authenticate', gate.challenges(request));
      response.writeHead(status).end();
    }
  }

  private makeResponder(): DiscoveryResponder {
    const { config, clock, logger } = this.parts;
    return new DiscoveryResponder({
      interfaces: config().onvif.discovery.interfaces,
      clock,
      endpoints: (local) => [this.endpoint(local)],
      failed: (error) => logger.warn({ reason: error.message }, 'WS-Discovery'),
    });
  }

  private endpoint({ address }: LocalAddress): Endpoint {
    const { config, device } = this.parts;
    const host = isIPv6(address) ? `[${address}]` : address;
    return {
      address: device.endpointReference,
      types: [NETWORK_VIDEO_TRANSMITTER, ONVIF_DEVICE],
      scopes: device.scopes(),
      xAddrs: [xAddrOf(`http://${host}:${config().http.port}`, 'device_service')],
      metadataVersion: 1,
    };
  }
}
