import { NightjarError } from '@nightjar/common';
import type { AccessPolicy } from './access-policy.js';
import type { FootageSpan } from './footage-span.js';
import type { Principal } from './principal.js';
import type { Action } from './rights.js';

/** Code of the error that denies what a principal may not do. */
export const ACCESS_DENIED = 'access/forbidden';

/**
 * Lets the allowed pass.
 * @throws NightjarError 'unauthenticated' when a login may help, 'forbidden' when it will not
 */
export function requireAccess(
  policy: AccessPolicy,
  principal: Principal | undefined,
  action: Action,
  camera: string | undefined,
  span?: FootageSpan,
): void {
  switch (policy.decide(principal, action, camera, span)) {
    case 'allow':
      return;
    case 'authenticate':
      throw new NightjarError('unauthenticated', 'access/login-needed', 'login needed');
    case 'forbid':
      throw new NightjarError('forbidden', ACCESS_DENIED, `${action} is not allowed here`, {
        action,
        ...(camera === undefined ? {} : { camera }),
      });
  }
}
