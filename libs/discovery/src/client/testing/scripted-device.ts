import { createHash } from 'node:crypto';
import type { ManualClock } from '@nightjar/common';
import { NAMESPACES, parseEnvelope, printEnvelope, xml, type XmlElement } from '@nightjar/onvif';
import { ha1, parseAuthGroups } from '@nightjar/rtsp';
import type { AskHttp, HttpQuestion } from '../device-http.js';

export interface Script {
  readonly auth: 'digest' | 'token' | 'text' | 'open';
  readonly password: string;
  /** Its clock minus ours. */
  offsetMs: number;
  /** Endpoint reference; undefined: it knows no such question. */
  readonly endpoint?: string;
  /** A right that nobody has here, by name of the request. */
  readonly forbidden?: string;
}

const OPEN_TO_ALL = ['GetSystemDateAndTime', 'GetEndpointReference', 'GetServices'];
const USER = 'admin';

/** A device without a network, that judges logins as strictly as the standard lets it. */
export class ScriptedDevice {
  readonly asked: { readonly name: string; readonly login: string }[] = [];
  refused = 0;
  private nonce = 1;
  private readonly nonces = new Set<string>();

  constructor(
    readonly script: Script,
    private readonly clock: ManualClock,
  ) {}

  /** Digest nonces that it gave are forgotten. */
  forgetNonces(): void {
    this.nonce += 1;
  }

  readonly ask: AskHttp = (question) => {
    const { body, headers } = parseEnvelope(Buffer.from(question.body ?? ''));
    const token = headers.find(({ name }) => name === 'Security')?.child('UsernameToken');
    const { authorization } = question.headers;
    const login = authorization !== undefined ? 'digest' : ((token && typeOf(token)) ?? 'none');
    this.asked.push({ name: body.name, login });
    const allowed =
      this.script.auth === 'open' ||
      OPEN_TO_ALL.includes(body.name) ||
      this.accepts(question, token);
    if (!allowed) {
      if (login !== 'none') this.refused += 1;
      return Promise.resolve(this.refusal());
    }
    if (body.name === this.script.forbidden) return Promise.resolve(fault('NotAuthorized'));
    return Promise.resolve(this.answer(body));
  };

  private answer(body: XmlElement) {
    const { endpoint } = this.script;
    switch (body.name) {
      case 'GetSystemDateAndTime':
        return ok(dateAndTime(this.nowMs()));
      case 'GetEndpointReference':
        if (endpoint === undefined) return fault('ActionNotSupported');
        return ok(xml('tds:GetEndpointReferenceResponse', xml('tds:GUID', endpoint)));
      default:
        return ok(xml(`tds:${body.name}Response`));
    }
  }

  private nowMs(): number {
    return this.clock.wallMs() + this.script.offsetMs;
  }

  private accepts({ headers, url }: HttpQuestion, token: XmlElement | undefined): boolean {
    const { auth, password } = this.script;
    if (auth === 'digest') {
      const group = parseAuthGroups(headers['authorization'] ?? '')[0]?.parameters;
      if (group?.get('nonce') !== String(this.nonce)) return false;
      const ha2 = md5(`POST:${new URL(url).pathname}`);
      return (
        group.get('response') === md5(`${ha1(USER, 'cam', password, 'MD5')}:${this.nonce}:${ha2}`)
      );
    }
    if (token === undefined || token.textAt('Username') !== USER) return false;
    const created = token.textAt('Created') ?? '';
    const said = token.textAt('Password') ?? '';
    if (auth === 'text') return typeOf(token) === 'text' && said === password;
    const nonce = Buffer.from(token.textAt('Nonce') ?? '', 'base64');
    if (this.nonces.has(nonce.toString('hex'))) return false;
    this.nonces.add(nonce.toString('hex'));
    const expected = createHash('sha1').update(nonce).update(created).update(password);
    const isFresh = Math.abs(Date.parse(created) - this.nowMs()) < 5_000;
    return isFresh && typeOf(token) === 'token' && said === expected.digest('base64');
  }

  private refusal() {
    if (this.script.auth !== 'digest') return fault('NotAuthorized');
    const challenges = [`Digest realm="cam", nonce="${this.nonce}"`];
    return { status: 401, challenges, contentType: 'text/html', body: Buffer.from('<html>') };
  }
}

function typeOf(token: XmlElement): string {
  const type = token.child('Password')?.attributes.get('Type') ?? '';
  return type.endsWith('#PasswordText') ? 'text' : 'token';
}

function ok(body: Parameters<typeof printEnvelope>[0], status = 200) {
  const text = printEnvelope(body);
  return { status, challenges: [], contentType: 'application/soap+xml', body: Buffer.from(text) };
}

function fault(subcode: string) {
  const text = `<s:Envelope xmlns:s="${NAMESPACES.s}" xmlns:ter="${NAMESPACES.ter}"><s:Body><s:Fault><s:Code><s:Value>s:Sender</s:Value>
    <s:Subcode><s:Value>ter:${subcode}</s:Value></s:Subcode></s:Code><s:Reason><s:Text xml:lang="en">no\u0007</s:Text></s:Reason></s:Fault></s:Body></s:Envelope>`;
  return { status: 400, challenges: [], contentType: '', body: Buffer.from(text) };
}

function dateAndTime(ms: number) {
  const at = new Date(ms);
  return xml(
    'tds:GetSystemDateAndTimeResponse',
    xml(
      'tds:SystemDateAndTime',
      xml(
        'tt:UTCDateTime',
        xml(
          'tt:Time',
          xml('tt:Hour', at.getUTCHours()),
          xml('tt:Minute', at.getUTCMinutes()),
          xml('tt:Second', at.getUTCSeconds()),
        ),
        xml(
          'tt:Date',
          xml('tt:Year', at.getUTCFullYear()),
          xml('tt:Month', at.getUTCMonth() + 1),
          xml('tt:Day', at.getUTCDate()),
        ),
      ),
    ),
  );
}

function md5(text: string): string {
  return createHash('md5').update(text).digest('hex');
}
