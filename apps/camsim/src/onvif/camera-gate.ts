import type { IncomingMessage } from 'node:http';
import { NightjarError, type Clock } from '@nightjar/common';
import {
  notAuthorized,
  UsernameTokenVerifier,
  type AccessClass,
  type Gate,
  type UsernameToken,
} from '@nightjar/onvif';
import { DigestVerifier, ha1 } from '@nightjar/rtsp';
import type { Credentials } from '../camera-login.js';
import type { Personality } from './personality.js';

/** The one user, or nobody. */
export type OnvifCaller = { readonly name: string } | undefined;

const REALM = 'camsim';
const LOCKED_MS = 60_000;

/** Logins of one camera: how it wants them, and when it has had enough. */
export class CameraGate {
  private readonly digests: DigestVerifier;
  private readonly tokens: UsernameTokenVerifier;
  private failures = 0;
  private lockedUntilMs = 0;

  constructor(
    private readonly options: {
      readonly credentials: Credentials | undefined;
      readonly personality: Pick<Personality, 'login' | 'lockOutAfter'>;
      readonly clock: Clock;
      /** Of the camera, by which tokens are fresh. */
      readonly deviceMs: () => number;
      readonly denies: () => boolean;
    },
  ) {
    this.digests = new DigestVerifier({ realm: REALM, now: () => options.clock.wallMs() });
    this.tokens = new UsernameTokenVerifier(options.deviceMs);
  }

  get required(): boolean {
    return this.options.credentials !== undefined && this.options.personality.login !== 'none';
  }

  /** Whether wrong logins have locked everybody out. */
  get locked(): boolean {
    return this.options.clock.monotonicMs() < this.lockedUntilMs;
  }

  challenges(peer: string): string[] {
    return this.options.personality.login === 'token' ? [] : this.digests.challenges(peer);
  }

  gateOf(request: IncomingMessage): Gate<OnvifCaller> {
    return {
      nobody: undefined,
      identify: (token) => this.identify(request, token),
      // One user, who may do everything.
      allows: (caller: OnvifCaller, access: AccessClass) =>
        access === 'PRE_AUTH' || !this.required || caller !== undefined,
    };
  }

  private identify(request: IncomingMessage, token: UsernameToken | undefined): OnvifCaller {
    const { credentials, personality } = this.options;
    if (credentials === undefined || !this.required) return { name: 'anonymous' };
    const header = request.headers.authorization;
    const byDigest = header !== undefined && personality.login !== 'token';
    const byToken = token !== undefined && personality.login !== 'digest';
    if (!byDigest && !byToken) throw this.refusal('log in');
    if (this.locked) throw this.refusal('locked out');
    const outcome = byDigest
      ? this.checkDigest(request, header, credentials)
      : this.checkToken(token as UsernameToken, credentials);
    if (outcome === 'ok' && !this.options.denies()) {
      this.failures = 0;
      return { name: credentials.username };
    }
    if (outcome !== 'stale') this.failed();
    throw byDigest ? this.refusal(outcome) : notAuthorized(`login refused: ${outcome}`);
  }

  /** A camera that wants tokens knows no 401. */
  private refusal(reason: string): NightjarError {
    return this.options.personality.login === 'token'
      ? notAuthorized(reason)
      : new NightjarError('unauthenticated', 'camsim/login', reason);
  }

  private checkDigest(
    { method = '', url = '', socket }: IncomingMessage,
    header: string,
    { username, password }: Credentials,
  ): string {
    const verdict = this.digests.verify({
      header,
      method,
      uri: url,
      peer: socket.remoteAddress ?? '',
      secretOf: (name, algorithm) =>
        name === username ? ha1(username, REALM, password, algorithm) : undefined,
    });
    return verdict.ok ? 'ok' : verdict.reason;
  }

  private checkToken(token: UsernameToken, { username, password }: Credentials): string {
    if (token.kind === 'text')
      return token.username === username && token.password === password ? 'ok' : 'password';
    const verdict = this.tokens.verify(token, (name) => (name === username ? password : undefined));
    return verdict.ok ? 'ok' : verdict.reason;
  }

  private failed(): void {
    const { personality, clock } = this.options;
    this.failures += 1;
    if (personality.lockOutAfter === 0 || this.failures < personality.lockOutAfter) return;
    this.failures = 0;
    this.lockedUntilMs = clock.monotonicMs() + LOCKED_MS;
  }
}
