import type { Announcement } from '@nightjar/rtsp';
import type { Mount } from './mount.js';

/** What a client is about to publish on its connection: the SETUPs that follow are for it. */
export interface Announced {
  readonly announcement: Announcement;
  readonly mount: Mount;
  /** Path and query of the URL, as the resolver saw it. */
  readonly resource: string;
}
