import type { AccessPolicy, Action, Principal } from '@nightjar/access';
import type { AccessClass } from '@nightjar/onvif';

/** Undefined: nobody logged in, which is fine while no user is configured. */
export type OnvifCaller = Principal | undefined;

/** What each class of ONVIF asks of a user of ours: READ is for all who may watch. ONVIF Core s.5.9.4.3. */
const ACTIONS: Readonly<Record<Exclude<AccessClass, 'PRE_AUTH'>, Action>> = {
  READ_SYSTEM: 'view',
  READ_SYSTEM_SENSITIVE: 'control',
  READ_SYSTEM_SECRET: 'admin',
  WRITE_SYSTEM: 'admin',
  UNRECOVERABLE: 'admin',
  READ_MEDIA: 'view',
  ACTUATE: 'control',
};

/** Whether a user may do anything of a class at all; what it sees is decided camera by camera. */
export function mayCall(policy: AccessPolicy, caller: OnvifCaller, access: AccessClass): boolean {
  if (access === 'PRE_AUTH') return true;
  const action = ACTIONS[access];
  if (policy.decide(caller, action, undefined) === 'allow') return true;
  // Who may only see footage may ask what there is.
  return action === 'view' && policy.decide(caller, 'playback', undefined) === 'allow';
}
