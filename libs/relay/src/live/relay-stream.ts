import type { StreamHub } from '../hub/stream-hub.js';
import type { TalkDesk } from './talk-desk.js';
import type { Publication } from '../publish/publication.js';
import type { ReaderTransport, Traffic } from '../rtsp-server/mount.js';

/** What went to the readers of a stream, by transport; the numbers only rise. */
export type StreamTraffic = Readonly<Record<ReaderTransport, Traffic>>;

/** One stream of one camera as it runs. */
export interface RelayStream {
  readonly camera: string;
  readonly stream: string;
  readonly hub: StreamHub;
  readonly traffic: StreamTraffic;
  /** Where it is published, if it is not fetched from a camera. */
  readonly publication: Publication | undefined;
  /** Where people talk to the camera, if that is wanted. */
  readonly talk: TalkDesk | undefined;
}
