import type { Principal } from '@nightjar/access';
import type { Mount, MountResolver } from '@nightjar/relay';

/** Sends the first path segment to the feature that serves it; every other path is a live stream. */
export class MediaResolver implements MountResolver {
  constructor(
    private readonly byPrefix: Readonly<Record<string, MountResolver>>,
    private readonly live: MountResolver,
  ) {}

  async resolve(
    path: string,
    query: URLSearchParams,
    principal: Principal | undefined,
  ): Promise<Mount> {
    const slash = path.indexOf('/');
    const prefix = slash < 0 ? path : path.slice(0, slash);
    if (!Object.hasOwn(this.byPrefix, prefix))
      return await this.live.resolve(path, query, principal);
    return await this.byPrefix[prefix]!.resolve(
      slash < 0 ? '' : path.slice(slash + 1),
      query,
      principal,
    );
  }
}
