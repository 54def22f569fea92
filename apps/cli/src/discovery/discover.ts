import type { DeviceView } from '@nightjar/discovery';
import type { Output } from '../command.js';
import { show, type Asked } from '../show.js';
import { printTable } from '../table.js';
import { withDevices } from './with-devices.js';

const HIDDEN: readonly string[] = ['ignored', 'gone'];

export async function discover(asked: Asked, all: boolean, output: Output): Promise<void> {
  const { outcome, devices } = await withDevices(asked, async ({ discovery, list }) => ({
    outcome: await discovery.search(),
    devices: (await list()).filter(({ status }) => all || !HIDDEN.includes(status)),
  }));
  for (const { where, reason } of outcome.failed) output.err(`${where}: ${reason}`);
  show(asked, output, { ...outcome, devices }, () =>
    devices.length === 0 ? ['no devices'] : printDevices(devices),
  );
}

export function printDevices(devices: readonly DeviceView[]): string[] {
  const rows = devices.map((device) => [
    String(device.id),
    device.camera === null ? device.status : `${device.status} (${device.camera})`,
    device.addresses[0] ?? '',
    [device.make, device.model].filter((one) => one !== null).join(' ') || (device.name ?? ''),
    device.serial ?? '',
    device.profiles.flatMap(printProfile).join(', ') || (device.problem ?? ''),
  ]);
  return printTable([['id', 'status', 'address', 'device', 'serial', 'streams'], ...rows]);
}

function printProfile(profile: DeviceView['profiles'][number]): string[] {
  const { codec, width, height, framesPerSecond } = profile;
  if (codec === undefined) return [];
  const size = width === undefined ? '' : ` ${width}x${height}`;
  return [`${codec}${size}${framesPerSecond === undefined ? '' : ` ${framesPerSecond}/s`}`];
}
