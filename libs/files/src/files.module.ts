import { Module } from '@nestjs/common';
import { AccessModule, AccessPolicy } from '@nightjar/access';
import { metrics } from '@nightjar/monitoring';
import { RoleContext } from '@nightjar/role';
import { FilesResolver } from './files-resolver.js';

/** RTCP canonical name of files (RFC 3550 s.6.5.1). */
const CNAME = 'nightjar-files';

@Module({
  imports: [AccessModule],
  providers: [
    {
      provide: FilesResolver,
      inject: [RoleContext, AccessPolicy],
      useFactory: ({ watcher, clock, logger }: RoleContext, policy: AccessPolicy) =>
        new FilesResolver({
          directory: () => watcher.config.files.root,
          maxOpen: () => watcher.config.files.maxOpen,
          policy,
          clock,
          cname: CNAME,
          onError: (file, error) => logger.error({ file, err: error }, 'playing a file failed'),
          onSessions: (change) => metrics.fileSessions.inc(change),
        }),
    },
  ],
  exports: [FilesResolver],
})
export class FilesModule {}
