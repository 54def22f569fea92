import { createHash } from 'node:crypto';
import { inspect } from 'node:util';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { AccessPolicy, REALM, type Action } from './access-policy.js';

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
    policy.update({});
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
    policy.update({ gate: { ...USERS.gate, cameras: ['yard'] } });
    expect(policy.decide(ann, 'view', 'front')).toBe('authenticate');
    expect(policy.decide(gate, 'view', 'front')).toBe('forbid');
    expect(policy.decide(gate, 'view', 'yard')).toBe('allow');
  });

  it('knows no user by the name of an object member', () => {
    expect(policy.principal('constructor')).toBeUndefined();
    expect(policy.ha1Of('__proto__', 'MD5')).toBeUndefined();
  });

  it.each([
    {
      username: 'ann',
      password: 's3cret',
      principal: { name: 'ann', role: 'admin', cameras: undefined },
    },
    {
      username: 'gate',
      password: 'pförtner',
      principal: { name: 'gate', role: 'viewer', cameras: ['front'] },
    },
    { username: 'ann', password: 'S3cret', principal: undefined },
    { username: 'ann', password: '', principal: undefined },
    { username: 'nobody', password: 's3cret', principal: undefined },
    { username: 'nobody', password: '', principal: undefined },
  ])('verifies $username with "$password"', ({ username, password, principal }) => {
    expect(policy.verifyPassword(username, password)).toEqual(principal);
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
});
