import type { PtzCommand } from '@nightjar/discovery';
import type { Output } from '../command.js';
import { show, type Asked } from '../show.js';
import { printTable } from '../table.js';
import { withDevices } from './with-devices.js';

export async function moveCamera(asked: Asked, camera: string, command: PtzCommand): Promise<void> {
  await withDevices(asked, ({ control }) => control.move(camera, command));
}

export async function listPresets(asked: Asked, camera: string, output: Output): Promise<void> {
  const presets = await withDevices(asked, ({ control }) => control.presets(camera));
  show(asked, output, { camera, presets }, () =>
    presets.length === 0
      ? ['no presets']
      : printTable([['preset', 'name'], ...presets.map(({ token, name }) => [token, name ?? ''])]),
  );
}
