import { NightjarError } from '@nightjar/common';
import type { Output } from '../command.js';
import { show, type Asked } from '../show.js';
import { withDevices } from './with-devices.js';

export async function ignoreDevice(
  asked: Asked,
  id: number,
  ignored: boolean,
  output: Output,
): Promise<void> {
  await withDevices(asked, async ({ catalog: { devices } }) => {
    const device = await devices.get(id);
    if (device === undefined)
      throw new NightjarError('not-found', 'discovery/no-device', `there is no device ${id}`);
    if (device.decision === 'adopted')
      throw new NightjarError(
        'conflict',
        'discovery/adopted',
        `device ${id} is camera ${device.camera}`,
      );
    await devices.setIgnored(id, ignored);
  });
  show(asked, output, { id, ignored }, () => [
    `device ${id} is ${ignored ? 'left alone' : 'looked at again'}`,
  ]);
}
