import type { Device, DeviceProfile, DeviceRepository } from '@nightjar/catalog';
import { messageOf, NightjarError, type Clock } from '@nightjar/common';
import type { CameraConfig, CameraSettings, NightjarConfig } from '@nightjar/config';
import type { EventBus } from '@nightjar/events';
import { metrics } from '@nightjar/monitoring';
import type {
  ClockSettings,
  EncoderChange,
  OnvifClient,
  OpenOnvifClient,
} from '../client/onvif-client.js';
import { cameraOf, targetOf } from '../device-access.js';
import { changesOf } from '../drift/changes.js';
import { publishDrift } from '../drift/drift-event.js';
import { Attempts, MAX_TRIES } from '../attempts.js';
import { differencesOf, type Difference } from './differences.js';

export interface EnforcementParts {
  readonly devices: Pick<DeviceRepository, 'read'>;
  readonly open: OpenOnvifClient;
  readonly bus: Pick<EventBus, 'publish'>;
  readonly config: () => NightjarConfig;
  readonly clock: Clock;
  readonly log: {
    info(fields: object, message: string): void;
    warn(fields: object, message: string): void;
  };
}

/** What became of the declared settings of one camera. Texts are the camera's own. */
export interface CameraSettingsView {
  readonly camera: string;
  readonly mode: CameraSettings['mode'];
  readonly checked: string;
  /** Why it could not be looked at; null: it could. */
  readonly problem: string | null;
  readonly differences: readonly {
    readonly what: string;
    readonly is: string | null;
    readonly wanted: string;
    /** How often it was set within the last day. */
    readonly tries: number;
    /** What the camera said when it was set. */
    readonly refusal: string | null;
  }[];
}

type Camera = CameraConfig & { readonly onvif: { readonly enforce: CameraSettings } };

/** Looks whether cameras are set as declared, tells where they are not, and sets them where that is wanted. */
export class Enforcement {
  private readonly attempts = new Attempts();
  private readonly views = new Map<string, CameraSettingsView>();
  private readonly busy = new Set<string>();

  constructor(private readonly parts: EnforcementParts) {}

  /** What was found last, of cameras that are still to be set somehow. */
  list(): CameraSettingsView[] {
    const { cameras } = this.parts.config();
    return [...this.views.values()].filter(({ camera }) => isStillSet(cameras, camera));
  }

  /** A device was read. Never rejects. */
  async look(device: Device): Promise<void> {
    const { config, log } = this.parts;
    const camera = cameraOf(device, config());
    if (camera === undefined || this.busy.has(camera.name)) return;
    if (!isToBeSet(camera)) {
      if (this.views.delete(camera.name)) metrics.cameraSettingsOff.remove({ camera: camera.name });
      return;
    }
    const { name } = camera;
    this.busy.add(name);
    try {
      const before = this.views.get(name);
      await this.tell(await this.check(device, camera, camera.onvif.enforce.mode), before);
    } catch (error) {
      const problem = messageOf(error);
      const before = this.views.get(name);
      if (before?.problem !== problem)
        log.warn({ camera: name, err: problem }, 'the settings of the camera cannot be looked at');
      this.views.set(name, {
        ...(before ?? { camera: name, differences: [] }),
        mode: camera.onvif.enforce.mode,
        checked: this.now(),
        problem,
      });
    } finally {
      this.busy.delete(name);
    }
  }

  /**
   * Looks at one camera now.
   * @param mode instead of the declared one
   * @returns undefined when the device is no camera that is to be set somehow
   * @throws NightjarError as OnvifClient
   */
  async checkNow(
    device: Device,
    mode: CameraSettings['mode'],
  ): Promise<CameraSettingsView | undefined> {
    const camera = cameraOf(device, this.parts.config());
    if (camera === undefined || !isToBeSet(camera)) return undefined;
    const { reading, problem } = await this.clientOf(device).read();
    if (problem !== undefined) throw new NightjarError('unavailable', 'discovery/unread', problem);
    const profiles = reading.profiles ?? device.profiles;
    return await this.check({ ...device, profiles }, camera, mode);
  }

  private async check(
    device: Device,
    camera: Camera,
    mode: CameraSettings['mode'],
  ): Promise<CameraSettingsView> {
    const client = this.clientOf(device);
    const compare = async (profiles: readonly DeviceProfile[]) => {
      const clock = await client.clockSettings();
      return { clock, found: differencesOf(camera.onvif.enforce, camera.streams, profiles, clock) };
    };
    const { clock, found: before } = await compare(device.profiles);
    let found = before;
    let refusals: ReadonlyMap<string, string> = new Map();
    const due = mode === 'apply' ? found.filter((one) => this.isDue(camera.name, one)) : [];
    if (due.length > 0) {
      refusals = await this.apply(camera.name, client, due, clock);
      ({ found } = await compare(await this.readBack(device, client)));
      this.tellOutcome(camera.name, due, found, refusals);
    }
    return this.keep(camera.name, mode, found, refusals);
  }

  private isDue(camera: string, difference: Difference): boolean {
    const tries = this.attempts.of(keyOf(camera, difference), this.parts.clock.wallMs());
    return difference.remedy !== undefined && tries < MAX_TRIES;
  }

  /** @returns what the camera refused, and why */
  private async apply(
    camera: string,
    client: OnvifClient,
    due: readonly Difference[],
    before: ClockSettings,
  ): Promise<Map<string, string>> {
    const refusals = new Map<string, string>();
    for (const one of due) this.attempts.count(keyOf(camera, one), this.parts.clock.wallMs());
    for (const [encoder, group] of byEncoder(due)) {
      const whole = Object.assign({}, ...group.map(({ change }) => change)) as EncoderChange;
      const failure = await failureOf(client.setEncoder(encoder, whole));
      if (failure === undefined) continue;
      // Which of them it is that the camera does not take shows when each is asked for alone.
      for (const { what, change } of group) {
        const alone =
          group.length === 1 ? failure : await failureOf(client.setEncoder(encoder, change));
        if (alone !== undefined) refusals.set(what, alone);
      }
    }
    const clocks = due.flatMap(({ what, remedy }) =>
      remedy !== undefined && 'clock' in remedy ? [{ what, change: remedy.clock }] : [],
    );
    if (clocks.length === 0) return refusals;
    const change = Object.assign({}, ...clocks.map((one) => one.change)) as Partial<ClockSettings>;
    const failure = await failureOf(client.setClock(change, before));
    if (failure !== undefined) for (const { what } of clocks) refusals.set(what, failure);
    return refusals;
  }

  /** What we set ourselves is no drift. */
  private async readBack(device: Device, client: OnvifClient): Promise<readonly DeviceProfile[]> {
    const { devices, clock } = this.parts;
    const { reading, problem } = await client.read();
    if (problem !== undefined) throw new NightjarError('unavailable', 'discovery/unread', problem);
    const atMs = clock.wallMs();
    const known = new Set(device.changes.map(({ what }) => what));
    const changes = changesOf(device, device.addresses[0], reading, atMs).filter(({ what }) =>
      known.has(what),
    );
    await devices.read(device.id, reading, changes, { atMs, asideMs: 0 });
    return reading.profiles ?? [];
  }

  private tellOutcome(
    camera: string,
    due: readonly Difference[],
    left: readonly Difference[],
    refusals: ReadonlyMap<string, string>,
  ): void {
    const { log } = this.parts;
    for (const { what, is, wanted } of due) {
      const after = left.find((one) => one.what === what);
      const refusal = refusals.get(what);
      const result = after === undefined ? 'taken' : refusal === undefined ? 'not-kept' : 'refused';
      metrics.cameraSettingsSet.inc({ result });
      const fields = { camera, what, before: is, wanted };
      if (after === undefined) log.info(fields, 'the camera was set');
      else
        log.warn({ ...fields, is: after.is, err: refusal }, 'the camera does not take the setting');
    }
  }

  private keep(
    camera: string,
    mode: CameraSettings['mode'],
    found: readonly Difference[],
    refusals: ReadonlyMap<string, string>,
  ): CameraSettingsView {
    const { clock } = this.parts;
    const before = this.views.get(camera);
    const differences = found.map((one) => {
      const { what, is, wanted } = one;
      const last = before?.differences.find((old) => old.what === what && old.wanted === wanted);
      const tries = this.attempts.of(keyOf(camera, one), clock.wallMs());
      return { what, is, wanted, tries, refusal: refusals.get(what) ?? last?.refusal ?? null };
    });
    const view = { camera, mode, checked: this.now(), problem: null, differences };
    this.views.set(camera, view);
    metrics.cameraSettingsOff.set({ camera }, differences.length);
    return view;
  }

  /** Of each difference once. */
  private async tell(
    { camera, differences }: CameraSettingsView,
    before: CameraSettingsView | undefined,
  ): Promise<void> {
    for (const { what, is, wanted } of differences) {
      const last = before?.differences.find((old) => old.what === what);
      if (last?.is === is && last.wanted === wanted) continue;
      this.parts.log.warn({ camera, what, is, wanted }, 'the camera is not set as declared');
      await publishDrift(this.parts, camera, { what, is, wanted });
    }
  }

  private clientOf(device: Device): OnvifClient {
    const { open, config } = this.parts;
    return open(targetOf(device, config()));
  }

  private now(): string {
    return new Date(this.parts.clock.wallMs()).toISOString();
  }
}

function isToBeSet(camera: CameraConfig): camera is Camera {
  return camera.onvif?.enforce !== undefined;
}

function isStillSet(cameras: NightjarConfig['cameras'], name: string): boolean {
  const camera = Object.hasOwn(cameras, name) ? cameras[name] : undefined;
  return camera !== undefined && isToBeSet(camera);
}

function keyOf(camera: string, { what, wanted }: Difference): string {
  return JSON.stringify([camera, what, wanted]);
}

function byEncoder(
  due: readonly Difference[],
): Map<string, { readonly what: string; readonly change: EncoderChange }[]> {
  const groups = new Map<string, { what: string; change: EncoderChange }[]>();
  for (const { what, remedy } of due) {
    if (remedy === undefined || !('encoder' in remedy)) continue;
    const group = groups.get(remedy.encoder) ?? [];
    group.push({ what, change: remedy.change });
    groups.set(remedy.encoder, group);
  }
  return groups;
}

/** What a camera refuses is a message; that it is away, or does not know us, ends all of it. */
async function failureOf(setting: Promise<void>): Promise<string | undefined> {
  try {
    await setting;
    return undefined;
  } catch (error) {
    if (error instanceof NightjarError && error.kind === 'protocol') return error.message;
    throw error;
  }
}
