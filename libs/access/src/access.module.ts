import { Module } from '@nestjs/common';
import { RoleContext } from '@nightjar/role';
import { AccessPolicy } from './access-policy.js';

/** The users of the configuration, followed as they change. */
@Module({
  providers: [
    {
      provide: AccessPolicy,
      inject: [RoleContext],
      useFactory: ({ config, watcher }: RoleContext) => {
        const policy = new AccessPolicy(config.users);
        watcher.on('changed', (change) => policy.update(change.config.users));
        return policy;
      },
    },
  ],
  exports: [AccessPolicy],
})
export class AccessModule {}
