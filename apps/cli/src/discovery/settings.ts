import { messageOf, NightjarError } from '@nightjar/common';
import type { CameraSettingsView } from '@nightjar/discovery';
import type { Output } from '../command.js';
import { show, type Asked } from '../show.js';
import { printTable } from '../table.js';
import { withDevices } from './with-devices.js';

/**
 * Asks cameras how they are set, and sets what differs if that is wanted.
 * @param camera undefined: all with declared settings
 * @returns whether all are set as declared now
 * @throws NightjarError `not-found` for a camera that is no device or has no declared settings
 */
export async function compareSettings(
  asked: Asked,
  camera: string | undefined,
  apply: boolean,
  output: Output,
): Promise<boolean> {
  const failed: { camera: string; problem: string }[] = [];
  const views = await withDevices(asked, async ({ catalog, enforcement }) => {
    const seen: CameraSettingsView[] = [];
    for (const device of await catalog.devices.list()) {
      if (device.decision !== 'adopted') continue;
      if (camera !== undefined && device.camera !== camera) continue;
      try {
        const view = await enforcement.checkNow(device, apply ? 'apply' : 'dry-run');
        if (view !== undefined) seen.push(view);
      } catch (error) {
        failed.push({ camera: device.camera ?? '', problem: messageOf(error) });
      }
    }
    return seen;
  });
  if (camera !== undefined && views.length + failed.length === 0)
    throw new NightjarError(
      'not-found',
      'cli/no-settings',
      `${camera} is no device in the network with declared settings (onvif.enforce)`,
    );
  for (const { camera: name, problem } of failed) output.err(`${name}: ${problem}`);
  show(asked, output, { cameras: views, failed }, () => printSettings(views));
  return failed.length === 0 && views.every(({ differences }) => differences.length === 0);
}

function printSettings(views: readonly CameraSettingsView[]): string[] {
  const rows = views.flatMap(({ camera, differences }) =>
    differences.map(({ what, is, wanted, refusal }) => [
      camera,
      what,
      is ?? '-',
      wanted,
      refusal ?? '',
    ]),
  );
  if (rows.length === 0) return [`${views.length} cameras are set as declared`];
  return printTable([['camera', 'setting', 'is', 'declared', 'refused'], ...rows]);
}
