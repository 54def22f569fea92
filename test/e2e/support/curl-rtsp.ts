import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { within } from './eventually.js';
import { SYSTEM_PYTHON } from './gstreamer.js';
import type { Stage } from './open-stage.js';

const SCRIPT = path.join(import.meta.dirname, 'curl-rtsp.py');
const ANSWER_LIMIT_MS = 15_000;

/** RTSP methods of libcurl. */
type Method =
  | 'OPTIONS'
  | 'DESCRIBE'
  | 'SETUP'
  | 'PLAY'
  | 'PAUSE'
  | 'TEARDOWN'
  | 'GET_PARAMETER'
  | 'SET_PARAMETER';

interface Wish {
  readonly session?: string;
  readonly transport?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

interface Answer {
  readonly status: number;
  /** By names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Session as libcurl keeps it. */
  readonly session: string;
  /** What libcurl says when it gives up. */
  readonly error?: string;
}

/** What came to the ports of a track. */
interface Heard {
  readonly packets: number;
  /** Packets with the marker: pictures of video. */
  readonly marked: number;
  /** Each packet is numbered as the next one of that before it. */
  readonly unbroken: boolean;
  /** BYE of RTCP. */
  readonly goodbyes: number;
}

/** RTSP connections of libcurl, in a process of their own. */
export class CurlRtsp {
  private readonly answers: AsyncIterator<string>;

  private constructor(private readonly child: ChildProcess) {
    this.answers = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  }

  static start(stage: Stage): CurlRtsp {
    const child = spawn(SYSTEM_PYTHON, [SCRIPT], { stdio: ['pipe', 'pipe', 'inherit'] });
    const closed = once(child, 'close');
    stage.defer(async () => {
      child.kill('SIGKILL');
      await closed;
    });
    return new CurlRtsp(child);
  }

  /** A new connection whose user has shown the password with DESCRIBE. @param url holds the login */
  async connect(url: string): Promise<CurlConnection> {
    const { username, password, host, pathname, search } = new URL(url);
    const plain = `rtsp://${host}${pathname}${search}`;
    const connection = new CurlConnection(this, plain);
    const described = await this.tell<Answer>({
      on: connection.name,
      method: 'DESCRIBE',
      url: plain,
      login: `${username}:${password}`,
    });
    if (described.status !== 200) throw new Error(`DESCRIBE of ${plain}: ${described.status}`);
    return connection;
  }

  /** @returns the lower of two ports, that of RTP */
  async listen(): Promise<number> {
    return (await this.tell<{ readonly port: number }>({ listen: true })).port;
  }

  /** What came to a port and the next one since it was asked last. */
  async heard(port: number): Promise<Heard> {
    return await this.tell<Heard>({ heard: port });
  }

  /** One line to the process, and its answer. */
  async tell<T>(wish: object): Promise<T> {
    this.child.stdin!.write(`${JSON.stringify(wish)}\n`);
    const { value } = await within(ANSWER_LIMIT_MS, 'libcurl', this.answers.next());
    if (value === undefined) throw new Error('libcurl has ended');
    return JSON.parse(value as string) as T;
  }
}

let connections = 0;

export class CurlConnection {
  readonly name = `connection-${++connections}`;

  /** @param url without a login */
  constructor(
    private readonly curl: CurlRtsp,
    readonly url: string,
  ) {}

  /** @param track absent: the whole */
  async ask(method: Method, wish: Wish = {}, track?: number): Promise<Answer> {
    const url = track === undefined ? this.url : this.trackUrl(track);
    return await this.curl.tell<Answer>({ on: this.name, method, url, ...wish });
  }

  /** Ports of the tracks that it set up over UDP, and their session. */
  async setUp(tracks: number): Promise<{ readonly session: string; readonly ports: number[] }> {
    const ports: number[] = [];
    let session: string | undefined;
    for (let track = 0; track < tracks; track += 1) {
      const port = await this.curl.listen();
      const transport = `RTP/AVP;unicast;client_port=${port}-${port + 1}`;
      const wish = session === undefined ? { transport } : { transport, session };
      const answer = await this.ask('SETUP', wish, track);
      if (answer.status !== 200) throw new Error(`SETUP of track ${track}: ${answer.status}`);
      session = answer.session;
      ports.push(port);
    }
    return { session: session!, ports };
  }

  async close(): Promise<void> {
    await this.curl.tell({ close: this.name });
  }

  private trackUrl(track: number): string {
    const [base, query] = this.url.split('?');
    return `${base}/trackID=${track}${query === undefined ? '' : `?${query}`}`;
  }
}
