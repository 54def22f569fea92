import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { ClientAuthorizer, parseChallenges } from '@nightjar/rtsp';
import { CLIENT_PORTS } from './made.js';
import { END, START } from './made-http.js';
import { UdpPair } from './udp-pair.js';
import type { Place, Way } from './ways.js';

const STATUS_LINE = { rtsp: /RTSP\/\d\.\d (\d{3}) /, http: /HTTP\/1\.\d (\d{3}) / } as const;
/** ONVIF answers 500 to what it does not have, too (Core s.5.1.2). */
const NOT_SUPPORTED = 'ter:ActionNotSupported';
const NOT_IMPLEMENTED = 501;
const SESSION = /^session: *([^;\r\n]+)/im;
const CHALLENGE = /^www-authenticate: *([^\r\n]*)/gim;
const LOGIN_LINE = /^authorization: *digest[^\r\n]*/im;
const SERVER_PORTS = /server_port=(\d+)-(\d+)/g;
const REQUEST_LINE = /^([A-Z_]+) (\S+) RTSP\//;
/** How long one piece waits for the answer to the one before it: a mutation may have none. */
const ANSWER_MS = 30;
/** What is asked for where footage is. */
const FOOTAGE_MS = 5_000;
/** Of what the server says, as much is looked through for statuses and the session. */
const MAX_HEARD_BYTES = 64 * 1024;

/** What a server said to one hostile conversation. */
export interface Outcome {
  readonly statuses: readonly number[];
}

/** Whose login stands in the recordings. */
export interface Login {
  readonly username: string;
  readonly password: string;
}

/** Where to, and from where: whose logins were spoilt has to wait. */
export interface Target extends Place {
  readonly login: Login;
}

/** What is said, how, and what is sent by UDP behind it. */
export interface Hostility {
  readonly way: Way;
  readonly pieces: readonly Buffer[];
  readonly datagrams: readonly Buffer[];
  /** Changes what goes over the wire now and then. */
  readonly spoil: (bytes: Buffer) => Buffer;
}

/** Says the pieces one after the other in its own session, then leaves without a word. */
export async function attack(
  target: Target,
  { way, pieces, datagrams, spoil }: Hostility,
): Promise<Outcome> {
  const ports = datagrams.length > 0 ? await UdpPair.open(target.localAddress) : undefined;
  const { up, down, wrap } = await way.open(target, spoil);
  const dialogue = new Dialogue(target.login, pieces, ports?.port, way.carries);
  down.on('data', (chunk: Buffer) => dialogue.hear(chunk));
  for (const piece of pieces) {
    if (!up.writable || down.destroyed) break;
    up.write(spoil(wrap(dialogue.alive(piece))));
    await answerOf(down);
  }
  await ports?.send(dialogue.serverPorts, datagrams);
  up.destroy();
  down.destroy();
  ports?.close();
  return { statuses: dialogue.statuses };
}

/** What was heard, and with it what is to be said: the session and the login of today in place of those recorded. */
class Dialogue {
  private heard = '';
  private readonly recordedSession: string | undefined;
  private readonly authorizer: ClientAuthorizer;

  constructor(
    login: Login,
    pieces: readonly Buffer[],
    private readonly udpPort: number | undefined,
    private readonly protocol: Way['carries'],
  ) {
    this.authorizer = new ClientAuthorizer(login);
    this.recordedSession = SESSION.exec(textOf(Buffer.concat(pieces)))?.[1];
  }

  get statuses(): number[] {
    const [, ...answers] = this.heard.split(STATUS_LINE[this.protocol]);
    return answers.flatMap((status, at) => {
      if (at % 2 === 1) return [];
      const unknown = answers[at + 1]?.includes(NOT_SUPPORTED) === true;
      return [unknown ? NOT_IMPLEMENTED : Number(status)];
    });
  }

  /** Where the server takes RTP and RTCP, as it said last. */
  get serverPorts(): readonly number[] {
    return [...this.heard.matchAll(SERVER_PORTS)].at(-1)?.slice(1).map(Number) ?? [];
  }

  hear(chunk: Buffer): void {
    if (this.heard.length < MAX_HEARD_BYTES) this.heard += textOf(chunk);
  }

  alive(piece: Buffer): Buffer {
    let text = textOf(piece);
    const session = SESSION.exec(this.heard)?.[1];
    if (this.recordedSession !== undefined && session !== undefined)
      text = text.replaceAll(this.recordedSession, session);
    if (this.udpPort !== undefined)
      text = text.replace(CLIENT_PORTS, `client_port=${this.udpPort}-${this.udpPort + 1}`);
    const nowMs = Date.now();
    text = text
      .replaceAll(START, new Date(nowMs - FOOTAGE_MS).toISOString())
      .replaceAll(END, new Date(nowMs).toISOString());
    const [, method, uri] = REQUEST_LINE.exec(text) ?? [];
    if (method !== undefined && uri !== undefined && LOGIN_LINE.test(text)) {
      const challenges = [...this.heard.matchAll(CHALLENGE)].map(([, value]) => value!.trim());
      this.authorizer.challenged(parseChallenges(challenges));
      const authorization = this.authorizer.authorization(method, uri);
      if (authorization !== undefined)
        text = text.replace(LOGIN_LINE, () => `Authorization: ${authorization}`);
    }
    return Buffer.from(text, 'latin1');
  }
}

/** One character per byte. */
function textOf(bytes: Buffer): string {
  return bytes.toString('latin1');
}

/** Something was said, the connection is closed, or nobody says anything. */
async function answerOf(socket: Duplex): Promise<void> {
  const waiting = new AbortController();
  const { signal } = waiting;
  const timer = setTimeout(() => waiting.abort(), ANSWER_MS);
  const either = [once(socket, 'data', { signal }), once(socket, 'close', { signal })];
  await Promise.race(either.map((one) => one.catch(() => undefined)));
  clearTimeout(timer);
  waiting.abort();
}
