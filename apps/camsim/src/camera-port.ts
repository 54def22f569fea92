import { RtspServer } from '@nightjar/relay';
import type { RtspServerOptions } from '@nightjar/relay';

/** An RTSP listener that can be closed, so that connecting is refused, and opened again on the same port. */
export class CameraPort {
  private server: RtspServer | undefined;
  private boundPort: number | undefined;
  private wanted = false;
  private settling: Promise<void> = Promise.resolve();

  constructor(private readonly options: RtspServerOptions) {}

  /** The TCP port, once it was open. */
  get port(): number {
    return this.boundPort ?? this.options.port;
  }

  /** Opens or closes. Calls are carried out in order; one that a later call undoes may be left out. */
  setOpen(open: boolean): Promise<void> {
    this.wanted = open;
    const done = this.settling.then(() => this.settle());
    this.settling = done.catch(() => undefined);
    return done;
  }

  /** Ends the sessions of one camera and closes the connections that carry them. */
  endSessions(of: unknown, reason: string): void {
    this.server?.endSessions((session) => session.options.mount === of, reason);
  }

  private async settle(): Promise<void> {
    const { server } = this;
    if (this.wanted && server === undefined) {
      const opened = new RtspServer({ ...this.options, port: this.port });
      await opened.listen();
      this.server = opened;
      this.boundPort = opened.port;
    } else if (!this.wanted && server !== undefined) {
      this.server = undefined;
      await server.close();
    }
  }
}
