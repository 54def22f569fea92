import { join } from 'node:path';
import { NightjarError, type Clock } from '@nightjar/common';
import type { NightjarConfig } from '@nightjar/config';
import { processorOf, type JobProcessor } from '@nightjar/jobs';
import { StoredFootage } from '../stored-footage.js';
import { Ffmpeg } from './ffmpeg.js';
import { HourStrips } from './hour-strips.js';
import { MakeHourStrips } from './hour-strips.job.js';

export interface HourStripsOptions {
  readonly clock: Clock;
  /** The configuration in force now. */
  config(): NightjarConfig;
}

/** Where a data directory keeps its strips. */
export function stripsDirectory(dataDir: string): string {
  return join(dataDir, 'thumbnails');
}

/** The processor of {@link MakeHourStrips}: one strip after another. Without the program ffmpeg there are none. */
export function hourStripsProcessor(options: HourStripsOptions): JobProcessor {
  return processorOf(MakeHourStrips, async (_, { signal, report }) => {
    const { cameras, dataDir, pictures, volumes } = options.config();
    const footage = await StoredFootage.open(volumes);
    const strips = new HourStrips(stripsDirectory(dataDir));
    await strips.drop(footage, signal);
    const ffmpeg = new Ffmpeg(pictures.ffmpeg, options.clock);
    const recorded = Object.values(cameras).flatMap(({ name: camera, record }) =>
      record.map(({ stream }) => ({ camera, stream })),
    );
    for (const [index, of] of recorded.entries()) {
      report(index / recorded.length, `${of.camera}/${of.stream}`);
      try {
        await strips.make(footage, ffmpeg, of, options.clock.wallMs(), signal);
      } catch (error) {
        if (error instanceof NightjarError && error.code === 'footage/no-ffmpeg') return;
        throw error;
      }
    }
  });
}
