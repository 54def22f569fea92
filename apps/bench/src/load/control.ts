import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import {
  RtspStreamParser,
  parseSdp,
  parseSession,
  parseTransport,
  resolveControl,
  type RtspResponse,
  type TransportSpec,
} from '@nightjar/rtsp';

/** All connections of this process read into one buffer: what is in it is used before the next read. */
const READ_BUFFER = Buffer.alloc(256 * 1024);
const VIDEO_CHANNEL = 0;
/** A server that takes longer for an answer fails the run. */
const ANSWER_TIMEOUT_MS = 20_000;

export interface ControlSink {
  /** Called for every read; a view valid for the time of the call. */
  bytes(chunk: Buffer): void;
  /** A packet of the video in the connection; a view valid for the time of the call. */
  packet?(buf: Buffer, offset: number, length: number): void;
}

/** The RTSP connection of one viewer: DESCRIBE, SETUP of the first track and PLAY. */
export class Control {
  private readonly socket: Socket;
  private readonly parser: RtspStreamParser;
  private answered: (response: RtspResponse) => void = () => undefined;
  private counting = false;
  private session = '';
  private base: string;
  private cseq = 0;
  private readonly closed: Promise<never>;

  constructor(
    private readonly url: URL,
    sink: ControlSink,
  ) {
    this.base = url.href;
    this.parser = new RtspStreamParser({
      message: (message) => {
        if (message.kind === 'response') this.answered(message);
      },
      interleaved: (channel, buf, offset, length) => {
        if (channel === VIDEO_CHANNEL) sink.packet?.(buf, offset, length);
      },
    });
    this.socket = connect({
      host: url.hostname,
      port: Number(url.port),
      noDelay: true,
      onread: {
        buffer: READ_BUFFER,
        callback: (length, buf) => {
          const chunk = (buf as Buffer).subarray(0, length);
          sink.bytes(chunk);
          if (!this.counting) this.parser.push(chunk);
          return true;
        },
      },
    });
    this.socket.on('error', () => undefined);
    this.closed = once(this.socket, 'close').then(() => {
      throw new Error(`${this.url.href}: the connection ended before the answer`);
    });
    this.closed.catch(() => undefined);
  }

  /** Resolves when connected, without any RTSP: for a server that just writes. */
  async connected(): Promise<void> {
    this.counting = true;
    await Promise.race([once(this.socket, 'connect'), this.closed]);
  }

  /**
   * DESCRIBE and SETUP of the first track.
   * @param transport the Transport header to ask with
   * @returns the transport that the server chose
   */
  async setUp(transport: string): Promise<TransportSpec> {
    const described = await this.ask('DESCRIBE', this.url.href);
    this.base = described.headers.get('Content-Base') ?? this.url.href;
    const track = parseSdp(described.body.toString()).tracks[0];
    if (track === undefined) throw new Error(`${this.url.href}: no track`);
    const uri = resolveControl(this.base, track.control);
    const setup = await this.ask('SETUP', uri, `Transport: ${transport}\r\n`);
    this.session = parseSession(setup.headers.get('Session') ?? '').id;
    return parseTransport(setup.headers.get('Transport') ?? '')[0]!;
  }

  /**
   * @param countOnly from then on look at nothing that arrives, so that the load costs little
   * @param headers further ones, each with its line end
   */
  async play(countOnly: boolean, headers = ''): Promise<void> {
    await this.ask('PLAY', this.base, `Session: ${this.session}\r\n${headers}`);
    this.counting = countOnly;
  }

  /** Keeps the session from timing out; the answer is not waited for. */
  keepAlive(): void {
    if (this.session !== '') this.write('GET_PARAMETER', this.base, `Session: ${this.session}\r\n`);
  }

  /** Stops or goes on reading, as a viewer that cannot keep up would. */
  stall(stalled: boolean): void {
    if (stalled) this.socket.pause();
    else this.socket.resume();
  }

  /** Gone without a word, as a player that is killed: enough where the media goes with the connection. */
  close(): void {
    this.socket.destroy();
  }

  /** Ends the session and then the connection; servers may keep a UDP session, with its ports, for longer than that. */
  tearDown(): void {
    if (this.session !== '') this.write('TEARDOWN', this.base, `Session: ${this.session}\r\n`);
    this.socket.end();
  }

  private async ask(method: string, uri: string, headers = ''): Promise<RtspResponse> {
    const answer = new Promise<RtspResponse>((resolve) => {
      this.answered = resolve;
    });
    this.write(method, uri, headers);
    const timer = setTimeout(() => this.socket.destroy(), ANSWER_TIMEOUT_MS);
    const response = await Promise.race([answer, this.closed]).finally(() => clearTimeout(timer));
    if (response.status !== 200) throw new Error(`${method} ${uri}: ${response.status}`);
    return response;
  }

  private write(method: string, uri: string, headers: string): void {
    this.cseq++;
    this.socket.write(`${method} ${uri} RTSP/1.0\r\nCSeq: ${this.cseq}\r\n${headers}\r\n`);
  }
}
