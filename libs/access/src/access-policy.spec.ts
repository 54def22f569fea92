import { createHash } from 'node:crypto';
import { inspect } from 'node:util';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { parsePasswordHash } from '@nightjar/config';
import { AccessPolicy } from './access-policy.js';
import { hashPassword } from './passwords/password-check.js';
import type { Principal } from './principal.js';
import { REALM } from './realm.js';
import type { Action } from './rights.js';

const USERS = {
  ann: { password: 's3cret', role: 'admin', cameras: ['front'] },
  gate: { password: 'pförtner', role: 'viewer', cameras: ['front'] },
  all: { password: 'x', role: 'viewer', cameras: undefined },
  none: { password: 'y', role: 'viewer', cameras: [] },
} as const;

const ACTIONS: readonly Action[] = ['view', 'playback', 'control', 'admin'];

describe('AccessPolicy', () => {
  let policy: AccessPolicy;
  beforeEach(() => {
    policy = new AccessPolicy(USERS);
  });

  describe('decides for principal x action x camera', () => {
    it.each([
      { who: 'ann', camera: 'front', decisions: ['allow', 'allow', 'allow', 'allow'] },
      { who: 'ann', camera: 'yard', decisions: ['allow', 'allow', 'allow', 'allow'] },
      { who: 'ann', camera: undefined, decisions: ['allow', 'allow', 'allow', 'allow'] },
      { who: 'gate', camera: 'front', decisions: ['allow', 'allow', 'forbid', 'forbid'] },
      { who: 'gate', camera: 'yard', decisions: ['forbid', 'forbid', 'forbid', 'forbid'] },
      { who: 'gate', camera: undefined, decisions: ['allow', 'allow', 'forbid', 'forbid'] },
      { who: 'all', camera: 'yard', decisions: ['allow', 'allow', 'forbid', 'forbid'] },
      { who: 'none', camera: 'front', decisions: ['forbid', 'forbid', 'forbid', 'forbid'] },
      {
        who: 'nobody',
        camera: 'front',
        decisions: ['authenticate', 'authenticate', 'authenticate', 'authenticate'],
      },
    ])('$who on $camera: $decisions', ({ who, camera, decisions }) => {
      const principal = policy.principal(who);
      expect(ACTIONS.map((action) => policy.decide(principal, action, camera))).toEqual(decisions);
    });
  });

  it('lets everybody watch, and nobody administer, when no user is configured', () => {
    policy.update({ users: {} });
    expect(policy.anonymousAllowed).toBe(true);
    expect(ACTIONS.map((action) => policy.decide(undefined, action, 'front'))).toEqual([
      'allow',
      'allow',
      'forbid',
      'forbid',
    ]);
  });

  it('asks who it is when users are configured', () => {
    expect(policy.anonymousAllowed).toBe(false);
    expect(policy.decide(undefined, 'view', undefined)).toBe('authenticate');
  });

  it('withdraws rights from principals it gave out before', () => {
    const [ann, gate] = [policy.principal('ann'), policy.principal('gate')];
    policy.update({ users: { gate: { ...USERS.gate, cameras: ['yard'] } } });
    expect(policy.decide(ann, 'view', 'front')).toBe('authenticate');
    expect(policy.decide(gate, 'view', 'front')).toBe('forbid');
    expect(policy.decide(gate, 'view', 'yard')).toBe('allow');
  });

  it('knows no user by the name of an object member', () => {
    expect(policy.principal('constructor')).toBeUndefined();
    expect(policy.ha1Of('__proto__', 'MD5')).toBeUndefined();
  });

  it.each([
    { username: 'ann', password: 's3cret', found: true },
    { username: 'gate', password: 'pförtner', found: true },
    { username: 'ann', password: 'S3cret', found: false },
    { username: 'ann', password: '', found: false },
    { username: 'nobody', password: 's3cret', found: false },
    { username: 'nobody', password: '', found: false },
    { username: 'ann', password: 'x'.repeat(100_000), found: false },
  ])('verifies $username with "$password.length" characters', async (login) => {
    const { username, password, found } = login;
    const principal = await policy.verifyPassword(username, password);
    expect(principal).toEqual(found ? { name: username } : undefined);
  });

  it.each([
    { algorithm: 'MD5', hash: 'md5' },
    { algorithm: 'SHA-256', hash: 'sha256' },
  ] as const)('gives HA1 with $algorithm', ({ algorithm, hash }) => {
    const expected = createHash(hash).update(`gate:${REALM}:pförtner`).digest('hex');
    expect(policy.ha1Of('gate', algorithm)).toBe(expected);
  });

  it('keeps no password', () => {
    expect(inspect(policy, { depth: 10, showHidden: true })).not.toMatch(/s3cret|pförtner/);
  });

  describe('with permissions', () => {
    const gate = { password: 'x' };
    beforeEach(() => {
      policy.update({
        users: {
          guard: {
            ...gate,
            permissions: [
              { actions: ['view'], groups: ['outside'] },
              { actions: ['view', 'playback', 'talk'], cameras: ['door'] },
            ],
          },
          caller: { ...gate, permissions: [{ actions: ['talk'] }] },
          studio: { ...gate, role: 'publisher', cameras: ['stage'] },
          keeper: { ...gate, role: 'operator', groups: ['outside'] },
        },
        cameras: { yard: { group: 'outside' }, door: { group: undefined } },
      });
    });

    it.each([
      ['guard', 'yard', ['view']],
      ['guard', 'door', ['view', 'playback', 'talk']],
      ['guard', 'attic', []],
      ['guard', undefined, ['view', 'playback', 'talk']],
      ['caller', 'attic', ['talk']],
      ['studio', 'stage', ['publish']],
      ['studio', 'yard', []],
      ['keeper', 'yard', ['view', 'playback', 'talk', 'control']],
      ['keeper', 'door', []],
    ] as const)('%s may at %s: %j', (name, camera, allowed) => {
      const all: readonly Action[] = [...ACTIONS, 'publish', 'talk'];
      const may = all.filter((act) => policy.decide({ name }, act, camera) === 'allow');
      expect(new Set(may)).toEqual(new Set(allowed));
    });

    it('follows a camera into another group', () => {
      const users = { keeper: { ...gate, role: 'viewer', groups: ['outside'] } } as const;
      policy.update({ users, cameras: { yard: { group: 'inside' } } });
      expect(policy.decide({ name: 'keeper' }, 'view', 'yard')).toBe('forbid');
    });

    it('answers a limited user about an unknown camera as about a forbidden one', () => {
      const answers = ['door', 'no-such-camera', 'constructor'].map((camera) =>
        policy.decide({ name: 'keeper' }, 'view', camera),
      );
      expect(answers).toEqual(['forbid', 'forbid', 'forbid']);
    });
  });

  describe('for the bearer of a signed URL', () => {
    const bearer = (url: Partial<NonNullable<Principal['url']>>): Principal => ({
      name: 'url x',
      url: {
        action: 'view',
        camera: 'front',
        expiresAtMs: Date.now() + 60_000,
        issuer: 'gate',
        address: undefined,
        ...url,
      },
    });

    it.each([
      ['the action and camera it is for', {}, 'view', 'front', 'allow'],
      ['another action', {}, 'playback', 'front', 'forbid'],
      ['another camera', {}, 'view', 'yard', 'forbid'],
      ['no camera in particular', {}, 'view', undefined, 'forbid'],
      ['after its end', { expiresAtMs: Date.now() - 1 }, 'view', 'front', 'authenticate'],
      ['what its issuer may not see', { camera: 'yard' }, 'view', 'yard', 'authenticate'],
      ['an issuer who is gone', { issuer: 'gone' }, 'view', 'front', 'authenticate'],
      ['the administrator of the machine', { issuer: undefined }, 'view', 'front', 'allow'],
    ] as const)('%s', (_, url, action, camera, decision) => {
      expect(policy.decide(bearer(url), action, camera)).toBe(decision);
    });

    it.each([
      ['the footage it is for', { startMs: 100, endMs: 200 }, 'allow'],
      ['a part of that', { startMs: 150, endMs: 150 }, 'allow'],
      ['what begins before', { startMs: 99, endMs: 200 }, 'forbid'],
      ['what ends behind', { startMs: 100, endMs: 201 }, 'forbid'],
      ['all of it', { startMs: -Infinity, endMs: Infinity }, 'forbid'],
      ['no footage in particular', undefined, 'forbid'],
      ['a file with a part of it', { startMs: 0, endMs: 101, inFiles: true }, 'allow'],
      ['a file before', { startMs: 0, endMs: 100, inFiles: true }, 'forbid'],
      ['a file behind', { startMs: 200, endMs: 300, inFiles: true }, 'forbid'],
    ] as const)('bound to a range: %s', (_, span, decision) => {
      const url = { action: 'playback', span: { startMs: 100, endMs: 200 } } as const;
      const issuer = { issuer: undefined };
      expect(policy.decide(bearer({ ...url, ...issuer }), 'playback', 'front', span)).toBe(
        decision,
      );
    });

    it('ends with the rights of its issuer', () => {
      policy.update({ users: { gate: { ...USERS.gate, cameras: ['yard'] } } });
      expect(policy.decide(bearer({}), 'view', 'front')).toBe('authenticate');
    });
  });

  describe('with hashed passwords', () => {
    it.each(['ha1', 'scrypt'] as const)('%s: only the right one passes', async (kind) => {
      const passwordHashes = await hashPassword('ann', 's3cret', kind);
      policy.update({ users: { ann: { passwordHashes, role: 'admin' } } });
      const tries = [
        policy.verifyPassword('ann', 's3cret'),
        policy.verifyPassword('ann', 's3cret'),
        policy.verifyPassword('ann', 'secret'),
        policy.verifyPassword('bob', 's3cret'),
      ];
      expect(await Promise.all(tries)).toEqual([
        { name: 'ann' },
        { name: 'ann' },
        undefined,
        undefined,
      ]);
    });

    it('HA1 serves Digest, scrypt does not', async () => {
      const [ha1, scrypt] = await Promise.all([
        hashPassword('ann', 's3cret', 'ha1'),
        hashPassword('bob', 's3cret', 'scrypt'),
      ]);
      policy.update({ users: { ann: { passwordHashes: ha1 }, bob: { passwordHashes: scrypt } } });
      const md5 = createHash('md5').update(`ann:${REALM}:s3cret`).digest('hex');
      expect(policy.ha1Of('ann', 'MD5')).toBe(md5);
      expect(policy.ha1Of('bob', 'MD5')).toBeUndefined();
    });

    it('offers Digest only what it has a hash for', () => {
      const passwordHashes = [parsePasswordHash(`ha1-md5:${'0'.repeat(32)}`)];
      policy.update({ users: { ann: { passwordHashes } } });
      expect(policy.ha1Of('ann', 'SHA-256')).toBeUndefined();
    });

    it('turns away whom it cannot check in time', async () => {
      const salt = 'AAECAwQFBgcICQoLDA0ODw';
      const passwordHashes = [parsePasswordHash(`scrypt:ln=12,r=1,p=1:${salt}:${salt}`)];
      policy.update({ users: { ann: { passwordHashes } } });
      const crowd = Array.from({ length: 34 }, (_, index) =>
        policy
          .verifyPassword('ann', `wrong ${index}`)
          .catch((error: { kind: string }) => error.kind),
      );
      const answers = await Promise.all(crowd);
      expect(answers.filter((answer) => answer === 'exhausted')).toHaveLength(2);
    });
  });

  it('lets users come from where they may', () => {
    const range = { address: '10.0.0.0', prefix: 8, family: 'ipv4' } as const;
    policy.update({
      users: { ann: { password: 'x', allowFrom: [range] }, bob: { password: 'x' } },
      allowFrom: [range],
    });
    expect(policy.mayComeFrom('ann', '10.1.2.3')).toBe(true);
    expect(policy.mayComeFrom('ann', '192.0.2.1')).toBe(false);
    expect(policy.mayComeFrom('bob', '192.0.2.1')).toBe(true);
    expect([policy.admits('10.9.9.9'), policy.admits('192.0.2.1')]).toEqual([true, false]);
  });
});
