import { randomBytes } from 'node:crypto';
import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { AccessPolicy, hashPassword, Logins, REALM } from '@nightjar/access';
import { ManualClock } from '@nightjar/common';
import type { PasswordHash } from '@nightjar/config';
import { ClientAuthorizer, parseChallenges } from '@nightjar/rtsp';
import { UserAuthenticator, type LoginRequest } from './authenticator.js';

const URI = 'rtsp://nvr/front';
const PEER = '192.0.2.1';
const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`;

describe('a login over RTSP', () => {
  let scrypt: readonly PasswordHash[];
  let policy: AccessPolicy;
  let authenticator: UserAuthenticator;
  const refused: string[] = [];
  beforeAll(async () => {
    scrypt = await hashPassword('slow', 'kept as scrypt', 'scrypt');
  });
  beforeEach(() => {
    refused.length = 0;
    const clock = new ManualClock();
    policy = new AccessPolicy({
      slow: { passwordHashes: scrypt, role: 'viewer' },
      fast: { password: 'kept as it is', role: 'viewer' },
    });
    const logins = new Logins({
      policy,
      settings: () => ({ tries: 2, windowMs: 60_000 }),
      urlKey: randomBytes(32),
      clock,
      refused: (_protocol, reason) => refused.push(reason),
    });
    authenticator = new UserAuthenticator(policy, {
      realm: REALM,
      now: () => clock.wallMs(),
      logins,
    });
  });
  const login = async (more: Partial<LoginRequest>) =>
    await authenticator.identify({
      header: undefined,
      method: 'DESCRIBE',
      uri: URI,
      peer: PEER,
      secure: true,
      ...more,
    });
  const challenges = (secure: boolean): string[] =>
    authenticator.challenges({ peer: PEER, secure }, false);

  it('is by Basic inside TLS, for users kept either way', async () => {
    expect(await login({ header: basic('slow:kept as scrypt') })).toMatchObject({ name: 'slow' });
    expect(await login({ header: basic('fast:kept as it is') })).toMatchObject({ name: 'fast' });
  });

  it('offers Basic to nobody in the clear, and inside TLS where somebody needs it', () => {
    expect(challenges(true)).toEqual([`Basic realm="${REALM}", charset="UTF-8"`]);
    expect(challenges(false).map((value) => value.split(' ')[0])).toEqual(['Digest', 'Digest']);
    policy.update({ users: { fast: { password: 'x', role: 'viewer' } } });
    expect(challenges(true).map((value) => value.split(' ')[0])).toEqual(['Digest', 'Digest']);
  });

  it('takes no right password by Basic in the clear', async () => {
    const header = basic('slow:kept as scrypt');
    await expect(login({ header, secure: false })).rejects.toMatchObject({
      kind: 'unauthenticated',
    });
  });

  it('still takes Digest inside TLS', async () => {
    const client = new ClientAuthorizer({ username: 'fast', password: 'kept as it is' });
    client.challenged(parseChallenges(challenges(false)));
    const header = client.authorization('DESCRIBE', URI);
    expect(await login({ header })).toMatchObject({ name: 'fast' });
  });

  it.each(['Basic', 'Basic !', basic('no colon'), basic('slow:wrong'), basic('nobody:x')])(
    'refuses %j',
    async (header) => {
      await expect(login({ header })).rejects.toMatchObject({ kind: 'unauthenticated' });
    },
  );

  it('makes a guesser wait, and not the user who has logged in on this connection', async () => {
    for (const guess of ['a', 'b'])
      await expect(login({ header: basic(`slow:${guess}`) })).rejects.toMatchObject({
        kind: 'unauthenticated',
      });
    const header = basic('slow:kept as scrypt');
    await expect(login({ header })).rejects.toMatchObject({
      kind: 'exhausted',
      where: { status: 403, retryAfterSeconds: expect.any(Number) },
    });
    expect(refused).toEqual(['password', 'password', 'throttled']);
    expect(await login({ header, known: 'slow' })).toMatchObject({ name: 'slow' });
  });
});
