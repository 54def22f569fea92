import { requireAccess, type AccessPolicy, type Principal } from '@nightjar/access';
import type { NightjarConfig } from '@nightjar/config';
import type { CameraControl, PtzCommand, PtzPreset, Snapshot } from '@nightjar/discovery';
import { declaredCamera } from '../declared-camera.js';

/** Cameras are moved by who may control them, and asked for pictures by who may watch. */
export class CameraControlService {
  constructor(
    private readonly control: CameraControl,
    private readonly policy: AccessPolicy,
    private readonly config: () => NightjarConfig,
  ) {}

  /** @throws NightjarError `unauthenticated`, `forbidden`, `not-found`, and as {@link CameraControl.move} */
  async move(principal: Principal | undefined, camera: string, command: PtzCommand): Promise<void> {
    requireAccess(this.policy, principal, 'control', camera);
    declaredCamera(this.config(), camera);
    await this.control.move(camera, command);
  }

  /** Throws as {@link move}. */
  async presets(principal: Principal | undefined, camera: string): Promise<readonly PtzPreset[]> {
    requireAccess(this.policy, principal, 'control', camera);
    declaredCamera(this.config(), camera);
    return await this.control.presets(camera);
  }

  /** Throws as {@link move}. */
  async snapshot(principal: Principal | undefined, camera: string): Promise<Snapshot> {
    requireAccess(this.policy, principal, 'view', camera);
    declaredCamera(this.config(), camera);
    return await this.control.snapshot(camera);
  }
}
