import { requireAccess, type AccessPolicy, type Principal } from '@nightjar/access';
import type { Clock } from '@nightjar/common';
import { BlockPool, type Mount, type MountResolver } from '@nightjar/relay';
import { FILES } from './access-name.js';
import { FileLibrary } from './file-library.js';
import { FileMount } from './file-mount.js';
import { MediaRoot, type MediaRootOptions } from './media-root.js';

export interface FilesResolverOptions extends MediaRootOptions {
  readonly policy: AccessPolicy;
  readonly clock: Clock;
  readonly cname: string;
  /** Play of a file failed on the way. */
  readonly onError: (name: string, error: unknown) => void;
  /** Play of a file began (1) or ended (-1). */
  readonly onSessions: (change: 1 | -1) => void;
}

/** Paths of media files below the root of the configuration. */
export class FilesResolver implements MountResolver {
  private readonly library: FileLibrary;
  private readonly blocks = new BlockPool();

  constructor(private readonly options: FilesResolverOptions) {
    this.library = new FileLibrary(new MediaRoot(options));
  }

  // eslint-disable-next-line typescript/require-await -- refusals must arrive as rejections
  async resolve(
    path: string,
    _query: URLSearchParams,
    principal: Principal | undefined,
  ): Promise<Mount> {
    const { policy, clock, cname, onError, onSessions } = this.options;
    requireAccess(policy, principal, 'playback', FILES);
    return new FileMount({
      library: this.library,
      name: path,
      clock,
      blocks: this.blocks,
      cname,
      onError: (error) => onError(path, error),
      onSessions,
    });
  }
}
