import { systemClock } from '@nightjar/common';
import {
  RtspServer,
  type Authenticator,
  type Mount,
  type MountStream,
  type StreamOutput,
} from '@nightjar/relay';
import { FORMAT, FrameMaker } from './footage.js';

const anybody: Authenticator = {
  required: false,
  identify: () => undefined,
  challenges: () => [],
};

/** A camera that sends a frame when it is told to, and nothing else: what is counted must not depend on time. */
export class ScriptedCamera {
  private readonly server: RtspServer;
  private output: StreamOutput | undefined;
  private frames: FrameMaker | undefined;
  /** Resolves when somebody plays. */
  readonly playing: Promise<void>;

  private constructor() {
    let played: () => void = () => undefined;
    this.playing = new Promise((resolve) => {
      played = resolve;
    });
    const open = (output: StreamOutput): MountStream => ({
      play: () => {
        this.output = output;
        this.frames = new FrameMaker(output.ssrc(0));
        // The answer goes first.
        setImmediate(played);
        return Promise.resolve({ rtpInfo: [{ track: 0 }] });
      },
      pause: () => Promise.resolve({}),
      close: () => {
        this.output = undefined;
      },
    });
    const mount: Mount = {
      kind: 'live',
      describe: () =>
        Promise.resolve({
          name: 'scripted',
          sessionId: '1',
          sessionVersion: 1,
          tracks: [{ format: FORMAT, control: '', direction: 'recvonly' }],
        }),
      open,
    };
    this.server = new RtspServer({
      host: '127.0.0.1',
      port: 0,
      resolver: { resolve: () => Promise.resolve(mount) },
      authenticator: anybody,
      clock: systemClock,
      udp: false,
    });
  }

  static async open(): Promise<ScriptedCamera> {
    const camera = new ScriptedCamera();
    await camera.server.listen();
    return camera;
  }

  get url(): string {
    return `rtsp://127.0.0.1:${this.server.port}/camera`;
  }

  get port(): number {
    return this.server.port;
  }

  /** Sends the next frame with one write. Returns how many packets it had. @throws Error when nobody plays */
  film(packetsPerFrame: number, keyframe: boolean): number {
    if (this.output === undefined || this.frames === undefined)
      throw new Error('the media process left the camera');
    const packets = this.frames.next(packetsPerFrame, keyframe);
    for (const packet of packets) this.output.send(0, packet, false);
    this.output.flush();
    return packets.length;
  }

  async close(): Promise<void> {
    await this.server.close();
  }
}
