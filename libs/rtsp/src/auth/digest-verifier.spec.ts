import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseChallenges } from './challenge.js';
import { ClientAuthorizer } from './client-authorizer.js';
import { ha1 } from './digest.js';
import { DigestVerifier, type DigestVerdict } from './digest-verifier.js';

const URI = 'rtsp://h:8554/front';
const PEER = '192.0.2.7';
const LIFETIME_MS = 300_000;

class Desk {
  nowMs = 1_800_000_000_000;
  readonly verifier = new DigestVerifier({ realm: 'nightjar', now: () => this.nowMs });

  client(
    password = 'secret',
    keep: (challenge: string) => string | undefined = (c) => c,
  ): ClientAuthorizer {
    const client = new ClientAuthorizer({ username: 'ann', password });
    const challenges = this.verifier.challenges(PEER).flatMap((one) => keep(one) ?? []);
    client.challenged(parseChallenges(challenges));
    return client;
  }

  verify(
    header: string | undefined,
    over: { peer?: string; method?: string; uri?: string; connection?: object } = {},
  ): DigestVerdict {
    return this.verifier.verify({
      header: header ?? '',
      method: 'DESCRIBE',
      uri: URI,
      peer: PEER,
      secretOf: (username, algorithm) =>
        username === 'ann' ? ha1('ann', 'nightjar', 'secret', algorithm) : undefined,
      ...over,
    });
  }
}

const refused = (reason: string): object => ({ ok: false, reason });
const welcome = { ok: true, username: 'ann' };

describe('DigestVerifier', () => {
  it('offers SHA-256 first and MD5 last, realm and nonce in front', () => {
    const [sha = '', md5 = ''] = new Desk().verifier.challenges(PEER);
    expect(sha).toMatch(
      /^Digest realm="nightjar", nonce="[\w-]{43}", algorithm=SHA-256, qop="auth"$/,
    );
    expect(md5).toBe(sha.replace('SHA-256', 'MD5'));
    expect(new Desk().verifier.challenges(PEER, true)[1]).toMatch(
      /^Digest realm="nightjar", nonce="[\w-]{43}", stale=true, algorithm=MD5, qop="auth"$/,
    );
  });

  it.each<[string, (challenge: string) => string | undefined]>([
    ['SHA-256', (challenge) => challenge],
    ['MD5', (challenge) => (challenge.includes('MD5') ? challenge : undefined)],
    ['SHA-256 without qop', (challenge) => challenge.replace(', qop="auth"', '')],
    [
      'MD5 without qop and algorithm (live555)',
      (challenge) =>
        challenge.includes('MD5') ? challenge.replace(/, algorithm.*$/, '') : undefined,
    ],
  ])('lets in who knows the password: %s', (_name, keep) => {
    const desk = new Desk();
    const client = desk.client('secret', keep);
    expect(desk.verify(client.authorization('DESCRIBE', URI))).toEqual(welcome);
    expect(desk.verify(client.authorization('DESCRIBE', URI))).toEqual(welcome);
    const other = desk.client('Secret', keep).authorization('DESCRIBE', URI);
    expect(desk.verify(other)).toEqual(refused('wrong-password'));
  });

  it('tells why it refuses', () => {
    const desk = new Desk();
    const header = desk.client().authorization('DESCRIBE', URI)!;
    expect(desk.verify('')).toEqual(refused('missing'));
    expect(desk.verify('Basic YTpi')).toEqual(refused('missing'));
    expect(desk.verify('Digest')).toEqual(refused('malformed'));
    expect(desk.verify(header.replace('"nightjar"', '"other"'))).toEqual(refused('malformed'));
    expect(desk.verify(header.replace('SHA-256', 'SHA-512-256'))).toEqual(refused('malformed'));
    expect(desk.verify(header.replace('qop=auth', 'qop=auth-int'))).toEqual(refused('malformed'));
    expect(desk.verify(header.replace('nc=00000001', 'nc=1'))).toEqual(refused('malformed'));
    expect(desk.verify(header.replace(/response="[^"]*"/, 'response="zz"'))).toEqual(
      refused('malformed'),
    );
    expect(desk.verify(header.replace('"ann"', '"bob"'))).toEqual(refused('unknown-user'));
    expect(desk.verify(header, { uri: 'rtsp://h:8554/back' })).toEqual(refused('uri'));
    expect(desk.verify(header, { method: 'PLAY' })).toEqual(refused('wrong-password'));
    expect(desk.verify(header)).toEqual(welcome);
  });

  it('refuses a request that is sent again', () => {
    const desk = new Desk();
    const client = desk.client();
    const first = client.authorization('DESCRIBE', URI);
    const second = client.authorization('DESCRIBE', URI);
    expect(desk.verify(second)).toEqual(welcome);
    expect(desk.verify(second)).toEqual(refused('replay'));
    expect(desk.verify(first)).toEqual(refused('replay'));
  });

  it('refuses one without qop that is sent again elsewhere', () => {
    const desk = new Desk();
    const client = desk.client('secret', (challenge) => challenge.replace(', qop="auth"', ''));
    const header = client.authorization('DESCRIBE', URI);
    const [own, other] = [{}, {}];
    expect(desk.verify(header, { connection: own })).toEqual(welcome);
    expect(desk.verify(header, { connection: other })).toEqual(refused('replay'));
    expect(desk.verify(header, { connection: own })).toEqual(welcome);
  });

  it('counts a nonce in one spelling only', () => {
    const desk = new Desk();
    const nonce = /nonce="([^"]*)"/.exec(desk.verifier.challenges(PEER)[0]!)![1]!;
    const answer = (spelling: string): DigestVerdict => {
      const client = new ClientAuthorizer({ username: 'ann', password: 'secret' });
      client.challenged([{ scheme: 'Digest', realm: 'nightjar', nonce: spelling, qop: ['auth'] }]);
      return desk.verify(client.authorization('DESCRIBE', URI));
    };
    expect(answer(nonce)).toEqual(welcome);
    expect(answer(`${nonce}=`)).toEqual(refused('stale'));
    expect(answer(`${nonce}@`)).toEqual(refused('stale'));
  });

  it('calls a nonce stale when it is old, of another peer or of another life', () => {
    const desk = new Desk();
    const client = desk.client();
    desk.nowMs += LIFETIME_MS;
    expect(desk.verify(client.authorization('DESCRIBE', URI))).toEqual(welcome);
    const elsewhere = desk.verify(client.authorization('DESCRIBE', URI), { peer: '192.0.2.8' });
    expect(elsewhere).toEqual(refused('stale'));
    desk.nowMs += 1;
    expect(desk.verify(client.authorization('DESCRIBE', URI))).toEqual(refused('stale'));
    const restarted = new Desk();
    expect(restarted.verify(client.authorization('DESCRIBE', URI))).toEqual(refused('stale'));
  });

  it('takes a wrong password for one also when the nonce is old', () => {
    const desk = new Desk();
    const client = desk.client('guess');
    desk.nowMs += LIFETIME_MS + 1;
    const header = client.authorization('DESCRIBE', URI);
    expect(desk.verify(header)).toEqual(refused('wrong-password'));
  });

  it('never throws', () => {
    const desk = new Desk();
    const header = desk.client().authorization('DESCRIBE', URI)!;
    fc.assert(
      fc.property(
        fc.nat({ max: header.length }),
        fc.nat({ max: 9 }),
        fc.string(),
        (at, cut, text) => {
          const wire = header.slice(0, at) + text + header.slice(at + cut);
          expect(desk.verify(wire)).toHaveProperty('ok');
          expect(desk.verify(text, { uri: text, method: text })).toHaveProperty('ok');
        },
      ),
    );
  });
});
