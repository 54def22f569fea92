import { describe, expect, it } from '@jest/globals';
import { AccessPolicy } from './access-policy.js';
import { requireAccess } from './require-access.js';

describe('access that is required', () => {
  const policy = new AccessPolicy({ anna: { password: 'x', role: 'viewer', cameras: ['front'] } });

  it('lets the allowed pass', () => {
    expect(() => requireAccess(policy, policy.principal('anna'), 'view', 'front')).not.toThrow();
  });

  it.each([
    ['asks strangers for a login', undefined, 'front', 'unauthenticated'],
    ['refuses what a login cannot mend', 'anna', 'garden', 'forbidden'],
  ])('%s', (_, name, camera, kind) => {
    const principal = name === undefined ? undefined : policy.principal(name);
    expect(() => requireAccess(policy, principal, 'view', camera)).toThrow(
      expect.objectContaining({ kind }),
    );
  });
});
