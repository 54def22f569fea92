import type { Mount } from '../mount.js';
import { SealedStream } from './sealed-stream.js';

/** Descriptions that one connection may ask for and not make use of. */
const MAX_TOLD = 16;

/** Which keys the streams of a server go out under, and which of them a client was told. */
export class SrtpKeys {
  /** By shared name; the one that new readers join. */
  private readonly joinable = new Map<string, SealedStream>();
  private readonly told = new WeakMap<object, Map<string, SealedStream>>();

  /** The stream as a DESCRIBE on this connection tells of it: SETUP there will keep to the key. */
  tell(connection: object, resource: string, mount: Mount): SealedStream {
    const stream = this.streamOf(mount);
    let told = this.told.get(connection);
    if (told === undefined) this.told.set(connection, (told = new Map()));
    told.delete(resource);
    told.set(resource, stream);
    if (told.size > MAX_TOLD) for (const oldest of told.keys()) if (told.delete(oldest)) break;
    return stream;
  }

  /** The stream for a session that is set up on this connection. A key for one reader alone is given out once. */
  take(connection: object, resource: string, mount: Mount): SealedStream {
    // What we send to a publisher are reports alone, to it alone.
    if (mount.kind === 'publish') return new SealedStream();
    const told = this.told.get(connection);
    const stream = told?.get(resource);
    if (stream === undefined) return this.streamOf(mount);
    told?.delete(resource);
    return stream;
  }

  private streamOf({ shared }: Mount): SealedStream {
    if (shared === undefined) return new SealedStream();
    const known = this.joinable.get(shared);
    if (known?.joinable === true) return known;
    const stream = new SealedStream();
    this.joinable.set(shared, stream);
    return stream;
  }
}
