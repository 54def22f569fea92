import type { Principal } from '@nightjar/access';
import { NightjarError } from '@nightjar/common';
import type { Mount, MountResolver, PublishPlace } from '@nightjar/relay';

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
    const { resolver, rest } = this.resolverOf(path);
    return await resolver.resolve(rest, query, principal);
  }

  async publish(
    path: string,
    query: URLSearchParams,
    principal: Principal | undefined,
  ): Promise<PublishPlace> {
    const { resolver, rest } = this.resolverOf(path);
    if (resolver.publish !== undefined) return await resolver.publish(rest, query, principal);
    const reason = 'Nothing can be published here';
    throw new NightjarError('forbidden', 'media/not-published', reason, { reason });
  }

  private resolverOf(path: string): { readonly resolver: MountResolver; readonly rest: string } {
    const slash = path.indexOf('/');
    const prefix = slash < 0 ? path : path.slice(0, slash);
    if (!Object.hasOwn(this.byPrefix, prefix)) return { resolver: this.live, rest: path };
    return { resolver: this.byPrefix[prefix]!, rest: slash < 0 ? '' : path.slice(slash + 1) };
  }
}
