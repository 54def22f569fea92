import path from 'node:path';
import type { Clock } from '@nightjar/common';
import type { NightjarConfig } from '@nightjar/config';
import { EventFile, parseEventLine, type EventBus } from '@nightjar/events';
import type { Logger } from '@nightjar/monitoring';
import { declaredCamera } from '../declared-camera.js';

/** Publishes what other programs append to `events.file`; undefined when none is configured. */
export function createEventReader(
  config: () => NightjarConfig,
  bus: EventBus,
  { clock, logger }: { readonly clock: Clock; readonly logger: Logger },
): EventFile | undefined {
  const { events, dataDir } = config();
  if (events.file === undefined) return undefined;
  return new EventFile({
    file: events.file,
    positionFile: path.join(dataDir, 'event-file.json'),
    publish: async (line, seenMs, ownId) => {
      const { camera, report } = parseEventLine(line);
      declaredCamera(config(), camera);
      await bus.publish(
        { ...report, at: report.at ?? seenMs },
        { camera, source: 'file', ...(ownId === undefined ? {} : { ownId }) },
      );
    },
    clock,
    log: logger,
  });
}
