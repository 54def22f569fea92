import { randomBytes } from 'node:crypto';
import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { AccessPolicy, hashPassword, Logins, REALM } from '@nightjar/access';
import { ManualClock } from '@nightjar/common';
import type { PasswordHash } from '@nightjar/config';
import {
  makeUsernameToken,
  parseEnvelope,
  parseUsernameToken,
  printEnvelope,
  xml,
  type AccessClass,
  type UsernameToken,
} from '@nightjar/onvif';
import { UserAuthenticator } from '@nightjar/relay';
import { ClientAuthorizer, parseChallenges } from '@nightjar/rtsp';
import { OnvifGate, type HttpRequest } from './onvif-gate.js';

const URL = '/onvif/device_service';

describe('logins of ONVIF clients', () => {
  let hashes: readonly PasswordHash[];
  let policy: AccessPolicy;
  let gate: OnvifGate;
  let clock: ManualClock;
  beforeAll(async () => {
    hashes = await hashPassword('kept', 'by its hash', 'ha1');
  });
  beforeEach(() => {
    clock = new ManualClock();
    policy = new AccessPolicy({
      plain: { password: 'as it is', role: 'admin' },
      kept: { passwordHashes: hashes, role: 'viewer' },
      far: {
        password: 'x',
        role: 'viewer',
        allowFrom: [{ address: '10.0.0.0', prefix: 8, family: 'ipv4' }],
      },
    });
    const logins = new Logins({
      policy,
      settings: () => ({ tries: 2, windowMs: 60_000 }),
      urlKey: randomBytes(32),
      clock,
    });
    const now = (): number => clock.wallMs();
    gate = new OnvifGate({
      policy,
      logins,
      now,
      authenticator: new UserAuthenticator(policy, { realm: REALM, protocol: 'http', now, logins }),
      passwordOf: (name) => ({ plain: 'as it is', far: 'x' })[name],
    });
  });

  const request = (authorization?: string): HttpRequest =>
    ({
      ip: '192.0.2.1',
      method: 'POST',
      url: '/device_service',
      originalUrl: URL,
      headers: { authorization },
    }) as unknown as HttpRequest;
  const token = (username: string, password: string, plain = false): UsernameToken => {
    const header = makeUsernameToken({ username, password, plain, createdMs: clock.wallMs() });
    const wire = printEnvelope(xml('tds:GetUsers'), [header]);
    return parseUsernameToken(parseEnvelope(Buffer.from(wire)).headers)!;
  };
  const digest = (username: string, password: string): HttpRequest => {
    const client = new ClientAuthorizer({ username, password });
    client.challenged(parseChallenges(gate.challenges(request())));
    return request(client.authorization('POST', URL));
  };
  const basic = (text: string): HttpRequest =>
    request(`Basic ${Buffer.from(text).toString('base64')}`);
  const kindOf = async (asked: Promise<unknown>): Promise<unknown> =>
    asked.then(
      (principal) => (principal as { name: string } | undefined)?.name ?? 'nobody',
      (error: { kind: string }) => error.kind,
    );

  it.each<[string, () => Promise<unknown>, string]>([
    ['Digest', () => gate.identify(digest('kept', 'by its hash'), undefined), 'kept'],
    ['a wrong Digest', () => gate.identify(digest('kept', 'x'), undefined), 'unauthenticated'],
    ['Basic', () => gate.identify(basic('kept:by its hash'), undefined), 'kept'],
    ['a token', () => gate.identify(request(), token('plain', 'as it is')), 'plain'],
    ['a wrong token', () => gate.identify(request(), token('plain', 'x')), 'forbidden'],
    ['a token of nobody', () => gate.identify(request(), token('nobody', 'x')), 'forbidden'],
    [
      'a token of who has a hash only: by HTTP then',
      () => gate.identify(request(), token('kept', 'by its hash')),
      'unauthenticated',
    ],
    [
      'a token with the password itself',
      () => gate.identify(request(), token('kept', 'by its hash', true)),
      'kept',
    ],
    ['a token from elsewhere', () => gate.identify(request(), token('far', 'x')), 'forbidden'],
    ['nothing', () => gate.identify(request(), undefined), 'unauthenticated'],
    [
      'HTTP before tokens',
      () => gate.identify(digest('plain', 'as it is'), token('plain', 'wrong')),
      'plain',
    ],
  ])('%s', async (_name, login, outcome) => {
    expect(await kindOf(login())).toBe(outcome);
  });

  it('take a token once', async () => {
    const once = token('plain', 'as it is');
    expect(await kindOf(gate.identify(request(), once))).toBe('plain');
    expect(await kindOf(gate.identify(request(), once))).toBe('forbidden');
  });

  it('make who guesses wait', async () => {
    for (const guess of ['a', 'b']) await kindOf(gate.identify(request(), token('plain', guess)));
    const right = (): Promise<unknown> => gate.identify(request(), token('plain', 'as it is'));
    expect(await kindOf(right())).toBe('exhausted');
    clock.advance(3_600_000);
    expect(await kindOf(right())).toBe('plain');
  });

  it('are needed by nobody while there are no users, who may watch then', async () => {
    policy.update({ users: {} });
    expect(await kindOf(gate.identify(request(), undefined))).toBe('nobody');
    const open = gate.gateOf(request());
    expect([
      open.allows(open.nobody, 'READ_MEDIA'),
      open.allows(open.nobody, 'WRITE_SYSTEM'),
    ]).toEqual([true, false]);
  });

  it('refuse addresses that may not come at all', async () => {
    policy.update({ users: {}, allowFrom: [{ address: '10.0.0.0', prefix: 8, family: 'ipv4' }] });
    expect(await kindOf(gate.identify(request(), undefined))).toBe('forbidden');
  });

  it.each<[string, readonly AccessClass[]]>([
    ['plain', ['READ_SYSTEM', 'READ_MEDIA', 'ACTUATE', 'READ_SYSTEM_SECRET', 'WRITE_SYSTEM']],
    ['kept', ['READ_SYSTEM', 'READ_MEDIA']],
  ])('%s may do what its role says', (name, may) => {
    const asked = gate.gateOf(request());
    const all: AccessClass[] = [
      'READ_SYSTEM',
      'READ_MEDIA',
      'ACTUATE',
      'READ_SYSTEM_SECRET',
      'WRITE_SYSTEM',
    ];
    expect(all.filter((access) => asked.allows({ name }, access))).toEqual(may);
  });
});
