import { describe, expect, it } from '@jest/globals';
import { parseAuthGroups } from './auth-parameters.js';
import { chooseChallenge, parseChallenges } from './challenge.js';
import { ClientAuthorizer } from './client-authorizer.js';
import { digestResponse, ha1 } from './digest.js';

// RFC 7616 s.3.9.1
const CREDENTIALS = { username: 'Mufasa', password: 'Circle of Life' };
const START =
  'Digest realm="http-auth@example.org", qop="auth, auth-int", nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"';
const CNONCE = 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ';
const MD5_RESPONSE = '8ca523f5e9506fed4657c9700eebdbec';
const SHA256_RESPONSE = '753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1';

function answer(challenges: string[], method = 'GET', uri = '/dir/index.html'): string | undefined {
  const client = new ClientAuthorizer(CREDENTIALS, { makeCnonce: () => CNONCE });
  expect(client.challenged(parseChallenges(challenges))).toBe(true);
  return client.authorization(method, uri);
}

function fields(header: string | undefined): Record<string, string> {
  return Object.fromEntries(parseAuthGroups(header ?? '')[0]?.parameters ?? []);
}

describe('challenges', () => {
  it('are read with everything they say, unusable ones left out', () => {
    expect(
      parseChallenges([
        'Digest realm="a", nonce="n", algorithm=sha-256, qop="auth,auth-int", opaque="", stale=TRUE',
        'Digest realm="a", nonce="n", algorithm=MD5-sess',
        'Digest realm="a"',
        'Negotiate abc==, Basic realm="b"',
      ]),
    ).toEqual([
      {
        scheme: 'Digest',
        realm: 'a',
        nonce: 'n',
        algorithm: 'SHA-256',
        qop: ['auth', 'auth-int'],
        opaque: '',
        stale: true,
      },
      { scheme: 'Basic', realm: 'b' },
    ]);
  });

  it('are chosen by strength', () => {
    const basic = 'Basic realm="r"';
    const md5 = 'Digest realm="r", nonce="1"';
    const sha = 'Digest realm="r", nonce="1", algorithm=SHA-256';
    const integrity = 'Digest realm="r", nonce="1", algorithm=SHA-256, qop="auth-int"';
    const chosen = (values: string[]) => chooseChallenge(parseChallenges(values));
    expect(chosen([basic, md5, sha])?.algorithm).toBe('SHA-256');
    expect(chosen([basic, md5, integrity])).toEqual(parseChallenges([md5])[0]);
    expect(chosen([basic])?.scheme).toBe('Basic');
    expect(chosen([integrity])).toBeUndefined();
    expect(chosen([])).toBeUndefined();
  });
});

describe('ClientAuthorizer', () => {
  it('gives the answers of RFC 7616 s.3.9.1', () => {
    const both = [`${START}, algorithm=SHA-256`, `${START}, algorithm=MD5`];
    expect(fields(answer(both))).toEqual({
      username: 'Mufasa',
      realm: 'http-auth@example.org',
      uri: '/dir/index.html',
      algorithm: 'SHA-256',
      nonce: '7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v',
      nc: '00000001',
      cnonce: CNONCE,
      qop: 'auth',
      response: SHA256_RESPONSE,
      opaque: 'FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS',
    });
    expect(fields(answer(both.slice(1)))['response']).toBe(MD5_RESPONSE);
  });

  it('speaks the form of RFC 2069 to cameras without qop', () => {
    const secret = ha1('Mufasa', 'testrealm@host.com', 'CircleOfLife', 'MD5');
    const nonce = 'dcd98b7102dd2f0e8b11d0f600bfb0c093';
    const input = { algorithm: 'MD5', nonce, method: 'GET', uri: '/dir/index.html' } as const;
    // RFC 2069 s.2.4, corrected by erratum 749
    expect(digestResponse(secret, input)).toBe('1949323746fe6a43ef61f9606e7febea');
    const header = fields(answer(['Digest realm="r", nonce="n"'], 'PLAY', 'rtsp://h/p'));
    expect(Object.keys(header)).toEqual(['username', 'realm', 'nonce', 'uri', 'response']);
  });

  it('counts requests per nonce', () => {
    const client = new ClientAuthorizer(CREDENTIALS);
    const count = (): string | undefined => fields(client.authorization('PLAY', 'u'))['nc'];
    client.challenged(parseChallenges([START]));
    expect([count(), count()]).toEqual(['00000001', '00000002']);
    client.challenged(parseChallenges([START]));
    expect(count()).toBe('00000003');
    client.challenged(parseChallenges(['Digest realm="r", nonce="new", qop=auth']));
    expect(count()).toBe('00000001');
  });

  it('keeps the password from who asked for Digest before and now for Basic', () => {
    const client = new ClientAuthorizer({ username: 'a', password: 'secret' });
    expect(client.challenged(parseChallenges(['Digest realm="r", nonce="1"']))).toBe(true);
    expect(client.challenged(parseChallenges(['Basic realm="r"']))).toBe(false);
    expect(client.authorization('PLAY', 'rtsp://h/a')).toMatch(/^Digest /);
  });

  it('keeps it on later connections too', () => {
    const history = { digest: false };
    const connect = () => new ClientAuthorizer(CREDENTIALS, { history });
    expect(connect().challenged(parseChallenges(['Basic realm="r"']))).toBe(true);
    expect(connect().challenged(parseChallenges(['Digest realm="r", nonce="1"']))).toBe(true);
    const next = connect();
    expect(next.challenged(parseChallenges(['Basic realm="r"']))).toBe(false);
    expect(next.authorization('PLAY', 'rtsp://h/a')).toBeUndefined();
  });

  it('tells it where that is preferred, also to who asked another stream for Digest', () => {
    const client = new ClientAuthorizer(CREDENTIALS, {
      preference: 'basic',
      history: { digest: true },
    });
    const both = ['Digest realm="r", nonce="1"', 'Basic realm="r"'];
    expect(client.challenged(parseChallenges(both))).toBe(true);
    expect(client.authorization('PLAY', 'rtsp://h/a')).toMatch(/^Basic /);
  });

  it('has nothing to say before a challenge that it can answer', () => {
    const client = new ClientAuthorizer(CREDENTIALS);
    expect(client.challenged(parseChallenges(['Bearer realm="x"']))).toBe(false);
    expect(client.authorization('PLAY', 'u')).toBeUndefined();
  });

  it('answers Basic in UTF-8', () => {
    const client = new ClientAuthorizer({ username: 'test', password: '123\u00a3' });
    client.challenged(parseChallenges(['Basic realm="foo", charset="UTF-8"']));
    // RFC 7617 s.2.1
    expect(client.authorization('DESCRIBE', 'u')).toBe('Basic dGVzdDoxMjPCow==');
  });

  it('quotes what needs quoting', () => {
    const client = new ClientAuthorizer({ username: 'a"b\\', password: 'p' });
    client.challenged(parseChallenges(['Digest realm="x\\"y", nonce="n"']));
    const header = client.authorization('PLAY', 'u');
    expect(header).toContain('username="a\\"b\\\\", realm="x\\"y"');
    expect(fields(header)).toMatchObject({ username: 'a"b\\', realm: 'x"y' });
  });
});
