import type { CameraAction, PermissionConfig, RoleOfUser, UserConfig } from '@nightjar/config';

/**
 * What may be asked for: `view` live video, `playback` of what is recorded, `publish` video, `talk` to a camera, `control`:
 * say when a camera is recorded and report events of it. `admin` is everything else.
 */
export type Action = CameraAction | 'admin';

const ROLE_ACTIONS: Readonly<Record<Exclude<RoleOfUser, 'admin'>, readonly CameraAction[]>> = {
  viewer: ['view', 'playback'],
  operator: ['view', 'playback', 'talk', 'control'],
  publisher: ['publish'],
};

interface Grant {
  readonly actions: ReadonlySet<Action>;
  /** undefined = all. */
  readonly places:
    { readonly cameras: ReadonlySet<string>; readonly groups: ReadonlySet<string> } | undefined;
}

/** What one user may do where. */
export class Rights {
  private readonly grants: readonly Grant[];
  private readonly everything: boolean;

  constructor(user: Pick<UserConfig, 'role' | 'cameras' | 'groups' | 'permissions'>) {
    const { role, cameras, groups, permissions } = user;
    this.everything = role === 'admin';
    this.grants =
      role === undefined || role === 'admin'
        ? (permissions ?? []).map(toGrant)
        : [toGrant({ actions: ROLE_ACTIONS[role], cameras, groups })];
  }

  /**
   * @param camera undefined asks whether it is allowed anywhere
   * @param group that the camera is in
   */
  allow(action: Action, camera: string | undefined, group: string | undefined): boolean {
    if (this.everything) return true;
    return this.grants.some(({ actions, places }) => {
      if (!actions.has(action)) return false;
      if (camera === undefined || places === undefined) return true;
      return places.cameras.has(camera) || (group !== undefined && places.groups.has(group));
    });
  }
}

function toGrant({ actions, cameras, groups }: PermissionConfig): Grant {
  return {
    actions: new Set(actions),
    places:
      cameras === undefined && groups === undefined
        ? undefined
        : { cameras: new Set(cameras), groups: new Set(groups) },
  };
}
