import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseEnvelope, printEnvelope } from '../soap/envelope.js';
import { xml, type XmlNode } from '../xml/print-xml.js';
import {
  makeUsernameToken,
  parseUsernameToken,
  passwordDigest,
  UsernameTokenVerifier,
  type UsernameToken,
} from './username-token.js';

const NOW = Date.UTC(2026, 5, 1);
const carried = (...headers: XmlNode[]): UsernameToken | undefined =>
  parseUsernameToken(
    parseEnvelope(Buffer.from(printEnvelope(xml('tds:GetUsers'), headers))).headers,
  );
const login = { username: 'ann', password: 'secret', createdMs: NOW };

describe('passwordDigest', () => {
  it('is that of the ONVIF guide for programmers, section 6.1.1.3', () => {
    const nonce = Buffer.from('LKqI6G/AikKCQrN0zqZFlg==', 'base64');
    expect(passwordDigest(nonce, '2010-09-16T07:50:45Z', 'userpassword')).toBe(
      'tuOSpGlFlIXsozq4HFNeeGeFLEI=',
    );
  });
});

describe('UsernameToken', () => {
  it('arrives as it was made, whatever name and password', () => {
    const text = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 30 })
      .filter((s) => s.trim() === s);
    fc.assert(
      fc.property(text, text, fc.boolean(), (username, password, plain) => {
        const token = carried(makeUsernameToken({ ...login, username, password, plain }));
        expect(token).toMatchObject({ username, kind: plain ? 'text' : 'digest' });
        if (plain) expect(token?.password).toBe(password);
        else {
          const verifier = new UsernameTokenVerifier(() => NOW);
          expect(verifier.verify(token!, () => password).ok).toBe(true);
        }
      }),
    );
  });

  it.each<[string, XmlNode]>([
    ['no login', xml('wsse:Security')],
    ['no name', xml('wsse:Security', xml('wsse:UsernameToken', xml('wsse:Password', 'x')))],
    ['no password', xml('wsse:Security', xml('wsse:UsernameToken', xml('wsse:Username', 'x')))],
    ['a name too long', makeUsernameToken({ ...login, username: 'x'.repeat(2000) })],
  ])('is absent with %s', (_name, header) => {
    expect(carried(header)).toBeUndefined();
  });
});

describe('UsernameTokenVerifier', () => {
  let now = NOW;
  const make = (over: object = {}): UsernameToken =>
    carried(makeUsernameToken({ ...login, ...over }))!;
  const passwordOf = (user: string): string | undefined => (user === 'ann' ? 'secret' : undefined);
  const desk = (): ((token: UsernameToken) => string) => {
    now = NOW;
    const verifier = new UsernameTokenVerifier(() => now);
    return (token) => {
      const verdict = verifier.verify(token, passwordOf);
      return verdict.ok ? verdict.username : verdict.reason;
    };
  };

  it.each<[string, () => UsernameToken, string]>([
    ['the right password', () => make(), 'ann'],
    ['a clock within the window', () => make({ createdMs: NOW - 300_000 }), 'ann'],
    ['a wrong password', () => make({ password: 'guess' }), 'password'],
    ['somebody unknown', () => make({ username: 'bob' }), 'password'],
    [
      'somebody unknown with no password',
      () => make({ username: 'bob', password: '' }),
      'password',
    ],
    ['an old token', () => make({ createdMs: NOW - 300_001 }), 'stale'],
    ['a token of the future', () => make({ createdMs: NOW + 300_001 }), 'stale'],
    ['no time', () => ({ ...make(), created: undefined }), 'incomplete'],
    ['no real time', () => ({ ...make(), created: 'yesterday' }), 'stale'],
    ['no nonce', () => ({ ...make(), nonce: undefined }), 'incomplete'],
    ['an empty nonce', () => ({ ...make(), nonce: Buffer.alloc(0) }), 'incomplete'],
  ])('%s', (_name, token, outcome) => {
    expect(desk()(token())).toBe(outcome);
  });

  it('takes a token once, for as long as it is fresh', () => {
    const verify = desk();
    const ahead = make({ createdMs: NOW + 300_000 });
    expect([verify(ahead), verify(ahead)]).toEqual(['ann', 'replayed']);
    now = NOW + 600_000;
    expect(verify(ahead)).toBe('replayed');
    now += 1;
    expect(verify(ahead)).toBe('stale');
  });

  it('takes a nonce again with another time, as libonvif has it', () => {
    const verify = desk();
    const nonce = Buffer.from('the same');
    expect([0, 1].map((ms) => verify(make({ nonce, createdMs: NOW + ms })))).toEqual([
      'ann',
      'ann',
    ]);
    expect(verify(make({ nonce }))).toBe('replayed');
  });

  it('remembers so many and no more', () => {
    const verify = desk();
    for (let i = 0; i < 10_000; i += 1) verify(make({ nonce: Buffer.from(String(i)) }));
    expect(verify(make())).toBe('busy');
    now += 600_001;
    expect(verify(make({ createdMs: now }))).toBe('ann');
  });
});
