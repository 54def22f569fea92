import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { messageOf } from '@nightjar/common';
import { HttpHeadReader, printTunnelRequest } from '@nightjar/rtsp';
import type { CameraLink, LinkEvents } from './camera-link.js';
import { openSocket, printAuthority, type CameraAddress } from './camera-socket.js';

const COOKIE_BYTES = 16;

/**
 * RTSP through two HTTP requests (Apple; ONVIF Streaming s.5.1.1.5): the camera answers behind a GET, we send base64 in
 * a POST, which is opened anew when the camera has closed it.
 */
export class HttpTunnelLink implements CameraLink {
  private readonly get: Socket;
  private post: Socket | undefined;
  /** Of the answer to the GET, until it is read. */
  private head: HttpHeadReader | undefined = new HttpHeadReader();
  private readonly cookie = randomBytes(COOKIE_BYTES).toString('hex');

  /** Connects at once. @param target path and query to ask for */
  constructor(
    private readonly address: CameraAddress,
    private readonly target: string,
    private readonly events: LinkEvents,
  ) {
    this.get = openSocket(address, {
      ready: () => this.get.write(this.request('GET')),
      data: (chunk) => this.receive(chunk),
      failed: (reason, detail) => events.failed(reason, detail),
    });
    this.get.on('end', () => events.ended());
    this.get.on('close', () => {
      this.post?.destroy();
      events.closed();
    });
  }

  get localAddress(): string | undefined {
    return this.get.localAddress;
  }

  get remoteAddress(): string | undefined {
    return this.get.remoteAddress;
  }

  get queuedBytes(): number {
    return this.post?.writableLength ?? 0;
  }

  get closed(): boolean {
    return this.get.destroyed;
  }

  write(bytes: Buffer): void {
    if (this.closed) return;
    const wire = Buffer.from(bytes.toString('base64'), 'latin1');
    if (this.post === undefined) this.openPost(wire);
    else this.post.write(wire);
  }

  close(): void {
    this.post?.destroy();
    this.get.destroy();
  }

  private receive(chunk: Buffer): void {
    if (this.head === undefined) {
      this.events.data(chunk);
      return;
    }
    let at: number;
    try {
      at = this.head.read(chunk, 0);
      if (!this.head.done) return;
      const { status, reason } = this.head.response();
      if (status !== 200) {
        this.fail(`the camera answers the tunnel with ${status} ${reason}`.trimEnd());
        return;
      }
    } catch (error) {
      this.fail(`the camera answers the tunnel with no HTTP: ${messageOf(error)}`);
      return;
    }
    this.head = undefined;
    this.openPost(undefined);
    if (at < chunk.length) this.events.data(chunk.subarray(at));
  }

  /** @param first to be sent as soon as it is there; undefined: then the link is open */
  private openPost(first: Buffer | undefined): void {
    const post = openSocket(this.address, {
      ready: () => {
        post.write(this.request('POST'));
        if (first === undefined) this.events.opened();
        else post.write(first);
      },
      failed: (reason, detail) => {
        // Once there is a tunnel, a POST may come and go.
        if (first === undefined && this.post === post) this.events.failed(reason, detail);
      },
    });
    // There is no answer to a POST, unless it is refused.
    post.on('data', (chunk: Buffer) => {
      const status = /^HTTP\/1\.[01] ([345]\d\d)/.exec(chunk.toString('latin1', 0, 12))?.[1];
      if (status !== undefined)
        this.fail(`the camera answers the POST of the tunnel with ${status}`);
    });
    post.on('end', () => post.destroy());
    post.on('close', () => {
      if (this.post === post) this.post = undefined;
    });
    this.post = post;
  }

  private fail(detail: string): void {
    this.events.failed('refused', detail);
    this.close();
  }

  private request(method: 'GET' | 'POST'): Buffer {
    return printTunnelRequest(method, {
      target: this.target,
      host: printAuthority(this.address),
      cookie: this.cookie,
    });
  }
}
