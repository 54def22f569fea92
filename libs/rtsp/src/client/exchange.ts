import { ClientAuthorizer, parseChallenges, type LoginHistory } from '../auth/index.js';
import { parseSession } from '../headers/index.js';
import { RtspHeaders, printRequest, type RtspResponse } from '../messages/index.js';
import type { NoteTolerance } from '../tolerated.js';
import type { SessionPolicy } from './session-policy.js';

/** RFC 2326 s.12.37: what holds when the server names no timeout. */
const DEFAULT_TIMEOUT_SECONDS = 60;

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

export interface ClientRequest {
  readonly method: string;
  readonly uri: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** What a request is for, and so who gets its response. */
export type Purpose = 'handshake' | 'keepalive' | 'teardown';

interface Pending {
  readonly cseq: number;
  readonly purpose: Purpose;
  readonly request: ClientRequest;
  /** Already sent again because of a challenge. */
  readonly repeated: boolean;
}

export type Settled =
  | { readonly type: 'answer'; readonly purpose: Purpose; readonly request: ClientRequest }
  | { readonly type: 'repeat'; readonly bytes: Buffer };

/** Requests in flight on one connection: CSeq, Session and Authorization headers, one re-challenge per request. */
export class Exchange {
  private cseq = 0;
  private pending: Pending[] = [];
  private readonly authorizer: ClientAuthorizer | undefined;
  private session: string | undefined;
  private timeout = DEFAULT_TIMEOUT_SECONDS;

  constructor(
    private readonly userAgent: string,
    credentials: Credentials | undefined,
    history: LoginHistory | undefined,
    private readonly policy: Pick<SessionPolicy, 'sessionId' | 'authentication'>,
    private readonly note: NoteTolerance,
  ) {
    const preference = policy.authentication;
    this.authorizer = credentials && new ClientAuthorizer(credentials, { preference, history });
  }

  /** Undefined until the server opened a session. */
  get sessionId(): string | undefined {
    return this.session;
  }

  get timeoutSeconds(): number {
    return this.timeout;
  }

  /** Bytes of a new request. A keepalive nobody answered is forgotten when the next one leaves. */
  print(purpose: Purpose, request: ClientRequest): Buffer {
    if (purpose === 'keepalive')
      this.pending = this.pending.filter((other) => other.purpose !== 'keepalive');
    return this.printPending({ cseq: ++this.cseq, purpose, request, repeated: false });
  }

  /**
   * Finds the request a final response belongs to.
   *
   * @returns undefined when nothing was asked.
   * @throws NightjarError `protocol` when a header that matters cannot be read.
   */
  settle(response: RtspResponse): Settled | undefined {
    const pending = this.take(Number(response.headers.get('CSeq') ?? Number.NaN));
    if (pending === undefined) return undefined;
    if (response.status === 401 && !pending.repeated && this.takeChallenge(response)) {
      return {
        type: 'repeat',
        bytes: this.printPending({ ...pending, cseq: ++this.cseq, repeated: true }),
      };
    }
    this.noteSession(response);
    return { type: 'answer', purpose: pending.purpose, request: pending.request };
  }

  private printPending(pending: Pending): Buffer {
    this.pending.push(pending);
    const { method, uri } = pending.request;
    const headers = RtspHeaders.from({ CSeq: String(pending.cseq), 'User-Agent': this.userAgent });
    const authorization = this.authorizer?.authorization(method, uri);
    if (authorization !== undefined) headers.set('Authorization', authorization);
    if (this.session !== undefined) headers.set('Session', this.session);
    for (const [name, value] of Object.entries(pending.request.headers)) headers.set(name, value);
    return printRequest({ method, uri, headers, body: Buffer.alloc(0) });
  }

  /** field: responses without CSeq or with a wrong one belong to the request that has waited longest. */
  private take(cseq: number): Pending | undefined {
    const found = this.pending.findIndex((other) => other.cseq === cseq);
    if (found < 0 && this.pending.length > 0) this.note('no-cseq');
    return this.pending.splice(Math.max(found, 0), 1)[0];
  }

  private takeChallenge(response: RtspResponse): boolean {
    if (this.authorizer === undefined) return false;
    return this.authorizer.challenged(parseChallenges(response.headers.getAll('WWW-Authenticate')));
  }

  private noteSession(response: RtspResponse): void {
    const value = response.headers.get('Session');
    if (value === undefined || response.status >= 300) return;
    const { id, timeoutSeconds } = parseSession(value);
    // field: some servers invent another with each SETUP and still expect the first.
    if (this.session !== undefined && this.session !== id) this.note('session-per-setup');
    if (this.session === undefined || this.policy.sessionId === 'latest') this.session = id;
    if (timeoutSeconds !== undefined && timeoutSeconds > 0) this.timeout = timeoutSeconds;
  }
}
