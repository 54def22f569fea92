import { Base64Stream } from '@nightjar/rtsp';
import type { ByteStream, ByteStreamEvents, Peer } from './byte-stream.js';

const BLANK = /^[\r\n]*$/;

/**
 * RTSP over two HTTP requests (Apple; ONVIF Streaming s.5.1.1.5): what we send goes out behind the answer to a GET, what
 * the client sends comes as base64 in the body of a POST, which it may close and begin anew at any time.
 */
export class TunnelStream implements ByteStream {
  readonly peer: Peer;
  private readonly decoder = new Base64Stream();
  private post: ByteStream | undefined;
  /** Whether the client ever sent in a POST. */
  private paired = false;
  /** What was read of the body of the POST before it was listened to. */
  private head: Buffer = Buffer.alloc(0);
  private events: ByteStreamEvents | undefined;

  /**
   * @param get the connection of the GET, whose answer is written and which nobody reads yet
   * @param closed called once, when the tunnel is no more
   */
  constructor(
    private readonly get: ByteStream,
    closed: () => void,
  ) {
    this.peer = { ...get.peer, via: 'http' };
    get.open({
      // Requests come in the POST: what comes here instead is an attempt to be both halves, or no tunnel at all.
      // field: live555, and so VLC, sends its receiver reports here, as they are; nothing needs them.
      data: (chunk) => {
        if (!this.paired && !BLANK.test(chunk.toString('latin1'))) this.close();
      },
      ended: () => this.close(),
      closed: () => {
        this.post?.close();
        closed();
        this.events?.closed();
      },
    });
  }

  get queuedBytes(): number {
    return this.get.queuedBytes;
  }

  get closed(): boolean {
    return this.get.closed;
  }

  open(events: ByteStreamEvents): void {
    this.events = events;
    const { post, head } = this;
    if (post !== undefined) this.listen(post, head, events);
  }

  /**
   * The client sends in this POST from now on; one before it is over.
   * @param head what was read of its body already
   */
  attach(post: ByteStream, head: Buffer): void {
    this.post?.close();
    this.paired = true;
    this.post = post;
    this.head = head;
    this.decoder.restart();
    if (this.events !== undefined) this.listen(post, head, this.events);
  }

  write(bytes: Buffer): boolean {
    return this.get.write(bytes);
  }

  onceDrained(listener: () => void): void {
    this.get.onceDrained(listener);
  }

  close(): void {
    this.post?.close();
    this.get.close();
  }

  closeGently(): void {
    this.get.closeGently();
  }

  private listen(post: ByteStream, head: Buffer, events: ByteStreamEvents): void {
    post.open({
      data: (chunk) => this.receive(post, chunk, events),
      ended: () => post.close(),
      closed: () => {
        if (this.post === post) this.post = undefined;
      },
    });
    this.receive(post, head, events);
  }

  private receive(post: ByteStream, chunk: Buffer, events: ByteStreamEvents): void {
    if (this.post !== post) return;
    let bytes: Buffer;
    try {
      bytes = this.decoder.push(chunk);
    } catch {
      // The place in the stream is lost, and there is no answer to a POST.
      this.close();
      return;
    }
    if (bytes.length > 0) events.data(bytes);
  }
}
