import { messageOf, NightjarError, type Clock } from '@nightjar/common';
import {
  DEFAULT_XML_LIMITS,
  makeUsernameToken,
  parseEnvelope,
  printEnvelope,
  printXml,
  receivedFault,
  xml,
  type XmlElement,
  type XmlNode,
} from '@nightjar/onvif';
import { CameraAccounts, DEFAULT_UNAUTHORIZED, type UnauthorizedPolicy } from '@nightjar/relay';
import { ClientAuthorizer, parseChallenges, type Challenge } from '@nightjar/rtsp';
import { readDateAndTime } from './date-and-time.js';
import { isSecure, type DeviceAddress } from './device-address.js';
import type { AskHttp, HttpAnswer } from './device-http.js';
import { faultError, isNotAuthorized } from './fault.js';
import { sameEndpoint } from './endpoint.js';
import type { Login } from './onvif-client.js';

const TIMEOUT_MS = 10_000;
const MAX_ANSWER_BYTES = 512 * 1024;
/** field: ipycam 1.3.0 answers PTZ requests with prefixes that it declares nowhere. */
const ANSWER = { ...DEFAULT_XML_LIMITS, undeclaredPrefixes: true };
/** What header and body begin with in the requests of the onvif package, and in ours. */
const HEADER = '<s:Header>';
const BODY = '<s:Body';
/** Two readings of a clock that are this far apart are of a clock that was set. */
const CLOCK_SET_MS = 2_000;
/** Of one question, with another proof each: enough for a clock that was set and the password itself. */
const MAX_TRIES = 5;
const LOGIN_NEEDED = 'the device wants a login';

export interface DeviceConnectionOptions {
  readonly address: DeviceAddress;
  readonly login: Login | undefined;
  /** Whether a device that takes nothing else may be told the password itself. */
  readonly passwordText: boolean;
  /** Endpoint reference of the device that the login is for; undefined: of whoever answers. */
  readonly endpoint: string | undefined;
  readonly ask: AskHttp;
  readonly clock: Clock;
  /** Logins that were refused, of everybody who asks devices. */
  readonly accounts: CameraAccounts;
  readonly unauthorized?: UnauthorizedPolicy | undefined;
}

export interface SoapQuestion {
  /** Absent: the device service. On the device: {@link DeviceAddress}. */
  readonly url?: string | undefined;
  readonly action: string;
  /** An envelope; a login goes into its header. */
  readonly envelope: string;
  readonly timeoutMs?: number | undefined;
  /** Gives up when it aborts. */
  readonly signal?: AbortSignal | undefined;
}

export interface SoapAnswer {
  readonly body: XmlElement;
  readonly text: string;
}

/** How a device wants to know who asks. */
type Scheme = 'none' | 'digest' | 'token' | 'text';

/**
 * Asks one device by SOAP, and logs in as it wants: HTTP Digest first, then UsernameToken by the clock of the device, then,
 * where that is allowed, the password itself. Nothing is proved to whom the login is not for, and who refuses a login is
 * not asked again at once: devices lock accounts out.
 */
export class DeviceConnection {
  private scheme: Scheme = 'none';
  private readonly authorizer: ClientAuthorizer | undefined;
  private readonly account: string;
  /** Whether the present login was taken once. */
  private accepted = false;
  private known: Promise<void> | undefined;
  private offsetMs: number | undefined;

  constructor(private readonly options: DeviceConnectionOptions) {
    const { login, address } = options;
    this.authorizer = login && new ClientAuthorizer(login);
    this.account = CameraAccounts.keyOf(address.host, login);
  }

  get address(): DeviceAddress {
    return this.options.address;
  }

  /** Clock of the device minus ours, milliseconds; undefined while it was not asked, or did not tell. */
  get clockOffsetMs(): number | undefined {
    return this.offsetMs;
  }

  /**
   * @throws NightjarError `unauthenticated` when a login is needed, refused, or left alone for a while because it was refused,
   *   `forbidden` when the device is another than the login is for, `unavailable`, or `protocol` for a fault and for what is
   *   no answer
   */
  async ask(question: SoapQuestion): Promise<SoapAnswer> {
    for (let tries = 1; ; tries++) {
      const scheme = this.scheme;
      const answer = await this.send(question, scheme);
      const envelope = this.open(answer);
      const fault = envelope && receivedFault(envelope.body);
      if (answer.status !== 401 && !isNotAuthorized(fault)) {
        if (scheme !== 'none') this.wasAccepted();
        if (envelope === undefined) throw this.noAnswer(answer);
        if (fault !== undefined) throw faultError(fault);
        return envelope;
      }
      if (tries === MAX_TRIES) throw this.refusal();
      // Another question may have found the way meanwhile.
      if (scheme === this.scheme) await this.adapt(parseChallenges(answer.challenges));
    }
  }

  /**
   * Fetches what is no SOAP, such as a picture, with the same login.
   * @param url on the device: {@link DeviceAddress}
   */
  async fetch(url: string, maxBytes: number): Promise<HttpAnswer> {
    const { ask } = this.options;
    for (let tries = 0; ; tries++) {
      const { pathname, search } = new URL(url);
      const authorization =
        this.scheme === 'digest'
          ? this.authorizer?.authorization('GET', pathname + search)
          : undefined;
      const answer = await ask({
        url,
        method: 'GET',
        headers: { ...(authorization !== undefined && { authorization }) },
        timeoutMs: TIMEOUT_MS,
        maxBytes,
      });
      if (answer.status !== 401) return answer;
      const challenges = this.usable(parseChallenges(answer.challenges));
      if (tries > 0) throw this.refusal();
      await this.beforeLogin();
      if (this.authorizer?.challenged(challenges) !== true) throw this.refusal();
      this.scheme = 'digest';
    }
  }

  /** Reads the clock of the device; who does not tell it keeps {@link clockOffsetMs}. */
  async readClock(): Promise<void> {
    const { clock } = this.options;
    const askedMs = clock.wallMs();
    const answer = await this.plain(printEnvelope(xml('tds:GetSystemDateAndTime')));
    if (answer === undefined) return;
    const deviceMs = readDateAndTime(answer.body);
    if (deviceMs === undefined) return;
    this.offsetMs = deviceMs - (askedMs + clock.wallMs()) / 2;
  }

  /** Asked without a login; undefined when the device does not tell. ONVIF Device s.8.1.5. */
  async endpointReference(): Promise<string | undefined> {
    const answer = await this.plain(printEnvelope(xml('tds:GetEndpointReference')));
    const told = answer?.body.textAt('GUID');
    return told === '' ? undefined : told;
  }

  /** A question without a login; undefined when the device does not answer it. */
  private async plain(envelope: string): Promise<SoapAnswer | undefined> {
    const answer = await this.send({ action: '', envelope }, 'none');
    const opened = this.open(answer);
    return opened === undefined || opened.body.name === 'Fault' ? undefined : opened;
  }

  private async send(question: SoapQuestion, scheme: Scheme): Promise<HttpAnswer> {
    const { ask, address, login, clock } = this.options;
    const url = question.url ?? address.serviceUrl;
    const { pathname, search } = new URL(url);
    const authorization =
      scheme === 'digest' ? this.authorizer?.authorization('POST', pathname + search) : undefined;
    const token =
      login !== undefined && (scheme === 'token' || scheme === 'text')
        ? printHeader(
            makeUsernameToken({
              ...login,
              createdMs: clock.wallMs() + (this.offsetMs ?? 0),
              plain: scheme === 'text',
            }),
          )
        : undefined;
    const action = question.action === '' ? '' : `; action="${question.action}"`;
    return await ask({
      url,
      method: 'POST',
      headers: {
        'content-type': `application/soap+xml; charset=utf-8${action}`,
        ...(authorization !== undefined && { authorization }),
      },
      body: token === undefined ? question.envelope : withHeader(question.envelope, token),
      timeoutMs: question.timeoutMs ?? TIMEOUT_MS,
      signal: question.signal,
      maxBytes: MAX_ANSWER_BYTES,
    });
  }

  /** Changes how we log in after a refusal, or throws. */
  private async adapt(offered: readonly Challenge[]): Promise<void> {
    const { login, passwordText } = this.options;
    if (login === undefined || this.authorizer === undefined) throw this.refusal();
    const challenges = this.usable(offered);
    switch (this.scheme) {
      case 'none':
        await this.beforeLogin();
        this.scheme = this.authorizer.challenged(challenges) ? 'digest' : 'token';
        if (this.scheme === 'token') await this.readClock();
        return;
      case 'digest': {
        const stale = challenges.some((one) => one.stale === true);
        // A nonce that has expired, which some devices do not say.
        const expired = this.accepted && challenges.length > 0;
        if (!stale && !expired) throw this.refusal();
        this.accepted = false;
        if (!this.authorizer.challenged(challenges)) throw this.refusal();
        return;
      }
      case 'token': {
        const before = this.offsetMs ?? 0;
        await this.readClock();
        if (Math.abs((this.offsetMs ?? 0) - before) > CLOCK_SET_MS) return;
        if (this.accepted || !passwordText) throw this.refusal();
        this.scheme = 'text';
        return;
      }
      case 'text':
        throw this.refusal();
    }
  }

  /** Digest always; the password itself only where nobody listens, or where that was allowed. */
  private usable(challenges: readonly Challenge[]): Challenge[] {
    const { address, passwordText } = this.options;
    const mayTell = passwordText || isSecure(address.serviceUrl);
    return challenges.filter(({ scheme }) => scheme === 'Digest' || mayTell);
  }

  /** Once per connection, before the first proof of a password. */
  private async beforeLogin(): Promise<void> {
    const { accounts } = this.options;
    const waitMs = accounts.waitMs(this.account);
    if (waitMs > 0)
      throw new NightjarError(
        'unauthenticated',
        'discovery/login-paused',
        Number.isFinite(waitMs)
          ? `the device refused the login; it is tried again in ${Math.ceil(waitMs / 1000)} s`
          : 'the device refuses the login: it is not tried again until the credentials change',
      );
    this.known ??= this.identify();
    await this.known;
  }

  private async identify(): Promise<void> {
    const { endpoint } = this.options;
    if (endpoint === undefined) return;
    // Not every device tells; where it does not, the search has looked who answers at the address.
    const told = await this.endpointReference();
    if (told === undefined || sameEndpoint(told, endpoint)) return;
    throw new NightjarError(
      'forbidden',
      'discovery/other-device',
      'another device answers at this address: it gets no login',
    );
  }

  private wasAccepted(): void {
    if (!this.accepted) this.options.accounts.wasAccepted(this.account);
    this.accepted = true;
  }

  /** Who was let in before lacks a right: that locks nobody out. */
  private refusal(): NightjarError {
    const { accounts, login, unauthorized } = this.options;
    if (login === undefined)
      return new NightjarError('unauthenticated', 'discovery/login-needed', LOGIN_NEEDED);
    if (this.accepted)
      return new NightjarError(
        'forbidden',
        'discovery/not-allowed',
        'the device does not allow that to this login',
      );
    this.scheme = 'none';
    accounts.wasRefused(this.account, unauthorized ?? DEFAULT_UNAUTHORIZED);
    return new NightjarError(
      'unauthenticated',
      'discovery/login-refused',
      'the device refused the login',
    );
  }

  private open({ body }: HttpAnswer): SoapAnswer | undefined {
    try {
      return { ...parseEnvelope(body, ANSWER), text: body.toString('utf8') };
    } catch {
      return undefined;
    }
  }

  private noAnswer({ status, body }: HttpAnswer): NightjarError {
    let reason = '';
    try {
      parseEnvelope(body, ANSWER);
    } catch (error) {
      reason = messageOf(error);
    }
    return new NightjarError(
      'protocol',
      'discovery/no-answer',
      `the device answers ${status}, and not in SOAP (${reason})`,
    );
  }
}

/** Puts an element into the header of an envelope that may have none. */
function withHeader(envelope: string, element: string): string {
  return envelope.includes(HEADER)
    ? envelope.replace(HEADER, () => HEADER + element)
    : envelope.replace(BODY, () => `${HEADER}${element}</s:Header>${BODY}`);
}

/** An element for the middle of a document. */
function printHeader(node: XmlNode): string {
  const document = printXml(node);
  return document.slice(document.indexOf('?>') + 2);
}
