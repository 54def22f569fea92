import { NestFactory } from '@nestjs/core';
import { NestLogger } from '@nightjar/monitoring';
import { RoleModule } from '@nightjar/role';
import type { RoleContext, RunningRole } from '@nightjar/role';
import { WorkerModule } from './worker.module.js';
import { WorkerService } from './worker.service.js';

/** Starts the worker role; database and queue may come later. */
export async function startWorker(context: RoleContext): Promise<RunningRole> {
  const app = await NestFactory.createApplicationContext(
    { module: WorkerModule, imports: [RoleModule.with(context)] },
    { logger: new NestLogger(context.logger), abortOnError: false },
  );
  const service = app.get(WorkerService);
  service.start();
  return {
    ready: () => service.ready(),
    collect: () => service.collect(),
    async stop() {
      await service.stop();
      await app.close();
    },
  };
}
