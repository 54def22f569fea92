import { connect, type Socket } from 'node:net';
import { markerOf, payloadRange, sequenceOf, startsKeyframe } from '@nightjar/rtp';
import {
  RtspStreamParser,
  parseSdp,
  resolveControl,
  type RtspResponse,
  type SdpTrack,
} from '@nightjar/rtsp';
import { readFrameStamp } from '../../camsim/src/frame-stamp.js';

/** What a sampled reader saw. */
export interface ReaderSample {
  latencyMs: number[];
  lost: number;
  keyframeMs: number | undefined;
}

/** One viewer over TCP. */
export class Reader {
  bytes = 0;
  readonly sample: ReaderSample | undefined;
  private socket: Socket | undefined;
  private lastSequence = -1;
  private inKeyframe = false;
  private startedAt = 0;

  constructor(
    private readonly url: URL,
    sampled: boolean,
  ) {
    this.sample = sampled ? { latencyMs: [], lost: 0, keyframeMs: undefined } : undefined;
  }

  /** Connects without RTSP: whatever arrives is counted. */
  async openRaw(): Promise<void> {
    this.socket = await this.connect();
    this.countOnly();
  }

  /** DESCRIBE, SETUP of the first track and PLAY. Resolves when the answer to PLAY is there. */
  async open(): Promise<void> {
    this.startedAt = performance.now();
    const socket = await this.connect();
    this.socket = socket;
    let answered: (response: RtspResponse) => void = () => undefined;
    let track: SdpTrack | undefined;
    const parser = new RtspStreamParser({
      message: (message) => {
        if (message.kind === 'response') answered(message);
      },
      interleaved: (channel, buf, offset, length) => {
        if (channel === 0 && track !== undefined && this.sample !== undefined) {
          this.packet(this.sample, track, buf, offset, length);
        }
      },
    });
    socket.on('data', (chunk: Buffer) => {
      this.bytes += chunk.length;
      parser.push(chunk);
    });
    let cseq = 0;
    const ask = async (method: string, uri: string, headers = ''): Promise<RtspResponse> => {
      cseq++;
      const answer = new Promise<RtspResponse>((resolve, reject) => {
        answered = resolve;
        socket.once('close', () => reject(new Error(`${method}: connection closed`)));
      });
      socket.write(`${method} ${uri} RTSP/1.0\r\nCSeq: ${cseq}\r\n${headers}\r\n`);
      const response = await answer;
      if (response.status !== 200) throw new Error(`${method} ${uri}: ${response.status}`);
      return response;
    };
    const described = await ask('DESCRIBE', this.url.href);
    track = parseSdp(described.body.toString()).tracks[0]!;
    const base = described.headers.get('Content-Base') ?? this.url.href;
    const setup = await ask(
      'SETUP',
      resolveControl(base, track.control),
      'Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n',
    );
    await ask('PLAY', base, `Session: ${setup.headers.get('Session')?.split(';')[0] ?? ''}\r\n`);
    if (this.sample === undefined) this.countOnly();
  }

  close(): void {
    this.socket?.destroy();
  }

  private async connect(): Promise<Socket> {
    const socket = connect({ host: this.url.hostname, port: Number(this.url.port), noDelay: true });
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    socket.on('error', () => undefined);
    return socket;
  }

  /** From here on bytes are counted and not looked at, so that the load costs little. */
  private countOnly(): void {
    const socket = this.socket!;
    socket.removeAllListeners('data');
    socket.on('data', (chunk: Buffer) => {
      this.bytes += chunk.length;
    });
  }

  private packet(
    sample: ReaderSample,
    track: SdpTrack,
    buf: Buffer,
    offset: number,
    length: number,
  ): void {
    const sequence = sequenceOf(buf, offset);
    if (this.lastSequence >= 0) sample.lost += (sequence - this.lastSequence - 1) & 0xffff;
    this.lastSequence = sequence;
    if (sample.keyframeMs === undefined) {
      const { start, end } = payloadRange(buf, offset, length);
      this.inKeyframe ||= startsKeyframe(track.format.codec, buf, start, end);
      if (this.inKeyframe && markerOf(buf, offset))
        sample.keyframeMs = performance.now() - this.startedAt;
    }
    const stamp = readFrameStamp(buf.subarray(offset, offset + length));
    if (stamp !== undefined)
      sample.latencyMs.push(Number(process.hrtime.bigint() - stamp.sentNs) / 1e6);
  }
}
