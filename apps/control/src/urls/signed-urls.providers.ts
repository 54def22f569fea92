import type { Provider } from '@nestjs/common';
import { AccessPolicy, UrlKey } from '@nightjar/access';
import { RoleContext } from '@nightjar/role';
import { SignedUrlsService } from './signed-urls.service.js';

/** What the route for signed URLs needs. */
export const SIGNED_URL_PROVIDERS: Provider[] = [
  {
    provide: SignedUrlsService,
    useFactory: (
      policy: AccessPolicy,
      { bytes }: UrlKey,
      { watcher, clock, logger }: RoleContext,
    ) =>
      new SignedUrlsService({
        policy,
        key: bytes,
        config: () => watcher.config,
        clock,
        log: logger,
      }),
    inject: [AccessPolicy, UrlKey, RoleContext],
  },
];
