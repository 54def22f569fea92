import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { runProgram } from './program.js';
import type { Stage } from './open-stage.js';

/** Ten seconds of pictures that all differ, with sound, as an encoder sends them. */
export async function makeClip(stage: Stage): Promise<string> {
  const file = path.join(stage.directory, 'published.mp4');
  const pictures = ['-f', 'lavfi', '-i', 'testsrc2=size=320x240:rate=25:duration=10'];
  const sound = ['-f', 'lavfi', '-i', 'sine=frequency=440:duration=10'];
  const video = ['-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency', '-g', '25'];
  const output = [...video, '-pix_fmt', 'yuv420p', '-c:a', 'aac', '-y', file];
  const made = await runProgram('ffmpeg', [
    '-nostdin',
    '-v',
    'error',
    ...pictures,
    ...sound,
    ...output,
  ]);
  if (made.code !== 0) throw new Error(`no clip was made: ${made.stderr}`);
  return file;
}

const CANCELLED =
  /^ERROR: [^\n]*GstRTSPClientSink[^\n]*: Could not write to resource\.\n[^]*\(Received end-of-file\)\n$/;

/** A program that publishes until it is ended. */
export class Publisher {
  private said = '';
  private readonly closed: Promise<unknown>;

  private constructor(private readonly child: ChildProcess) {
    child.stderr?.on('data', (chunk: Buffer) => (this.said += chunk.toString()));
    this.closed = once(child, 'close');
  }

  /** What ffmpeg publishes, over and over. @param more further options of its RTSP */
  static ffmpeg(
    stage: Stage,
    clip: string,
    url: string,
    transport: 'tcp' | 'udp',
    ...more: readonly string[]
  ): Publisher {
    const input = ['-nostdin', '-v', 'warning', '-re', '-stream_loop', '-1', '-i', clip];
    const output = ['-c', 'copy', '-f', 'rtsp', '-rtsp_transport', transport, ...more, url];
    return Publisher.start(stage, 'ffmpeg', [...input, ...output]);
  }

  /** What GStreamer publishes, once; its sound as LATM. */
  static gstreamer(
    stage: Stage,
    clip: string,
    url: string,
    transport: 'tcp' | 'udp' | 'http',
  ): Publisher {
    // A tunnel is known by its URL; asking for it again ends in no transport at all.
    const protocols = transport === 'http' ? '' : `protocols=${transport}`;
    // Over UDP TLS protects nothing but the keys.
    const profiles = transport === 'udp' && url.startsWith('rtsps:') ? 'profiles=savp' : '';
    const pipeline = [
      `filesrc location=${clip} ! qtdemux name=d`,
      'd.video_0 ! queue ! h264parse ! identity sync=true ! s.sink_0',
      'd.audio_0 ! queue ! aacparse ! identity sync=true ! s.sink_1',
      `rtspclientsink name=s location=${url} ${protocols} ${profiles} tls-validation-flags=0`,
    ].join(' ');
    return Publisher.start(stage, 'gst-launch-1.0', ['-q', ...pipeline.split(' ').filter(Boolean)]);
  }

  /**
   * What the program complained about. GStreamer's sink tears down behind a PAUSE of its own that it cancels, and may call that
   * an end of file: of what it says while it ends, that is no complaint.
   */
  get complaints(): string {
    return this.said;
  }

  /** Resolves when the program has ended, by itself or not. */
  get ended(): Promise<unknown> {
    return this.closed;
  }

  /** Ends as somebody who presses Ctrl-C does. */
  async stop(): Promise<void> {
    const before = this.said;
    this.child.kill('SIGINT');
    await this.closed;
    if (CANCELLED.test(this.said.slice(before.length))) this.said = before;
  }

  /** Ends without a word. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.closed;
  }

  private static start(stage: Stage, program: string, args: readonly string[]): Publisher {
    const publisher = new Publisher(spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] }));
    stage.defer(() => publisher.kill());
    return publisher;
  }
}
