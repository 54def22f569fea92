import type { ServerResponse } from 'node:http';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { RequestRates, UrlKey } from '@nightjar/access';
import { metrics, NestLogger } from '@nightjar/monitoring';
import { RoleModule } from '@nightjar/role';
import type { RoleContext, RunningRole } from '@nightjar/role';
import { ControlModule } from './control.module.js';
import { ControlService } from './control.service.js';
import { measureRequests } from './request-times.js';
import { ignoreWebhookBody } from './events/webhook-body.js';
import { HttpConnections } from './http-connections.js';
import { limitRequests } from './request-rate.js';
import { OnvifFace } from './onvif/onvif-face.js';
import type { HttpRequest } from './onvif/onvif-gate.js';
import { RtspGate } from './rtsp/rtsp-gate.js';

/** Starts the control role: HTTP at once; database and queue may come later. */
export async function startControl(context: RoleContext): Promise<RunningRole> {
  const { clock, config, watcher, logger } = context;
  const app = await NestFactory.create<NestExpressApplication>(
    { module: ControlModule, imports: [RoleModule.with(context)] },
    { logger: new NestLogger(logger), abortOnError: false, forceCloseConnections: true },
  );
  app.disable('x-powered-by');
  app.set(
    'trust proxy',
    config.http.trustedProxies?.map(({ address, prefix }) => `${address}/${prefix}`) ?? false,
  );
  app.use(measureRequests(clock));
  const rates = new RequestRates(clock, () => watcher.config.limits.httpRequestsPerSecond);
  app.use(limitRequests(rates, () => metrics.limitRefusals.inc({ limit: 'http-requests' })));
  app.use(ignoreWebhookBody);
  const onvif = app.get(OnvifFace);
  app.use('/onvif', (request: HttpRequest, response: ServerResponse) => {
    void onvif.answer(request, response);
  });
  const connections = new HttpConnections({
    clock,
    limits: () => watcher.config.limits,
    trustedProxies: config.http.trustedProxies,
    refused: (limit) => metrics.limitRefusals.inc({ limit }),
  });
  const gate = new RtspGate({
    ...config.http.rtspServer,
    key: app.get(UrlKey).bytes,
    trustedProxies: config.http.trustedProxies,
    passedOn: (socket) => connections.asked(socket),
    failed: ({ message: reason }) => logger.warn({ reason }, 'the RTSP server cannot be reached'),
  });
  const server = app.getHttpServer();
  gate.guard(server);
  connections.guard(server);
  await app.listen(config.http.port, config.http.host);
  logger.info({ url: await app.getUrl() }, 'the API is served');
  const service = app.get(ControlService);
  service.start();
  onvif.start();
  return {
    ready: () => service.ready(),
    collect() {
      metrics.httpConnections.set(connections.size);
      metrics.httpSilentConnections.set(connections.silentSize);
      return service.collect();
    },
    async stop() {
      gate.close();
      connections.close();
      await onvif.stop();
      await app.close();
      await service.stop();
    },
  };
}
