import path from 'node:path';
import { messageOf } from '@nightjar/common';
import { noteApplied } from '@nightjar/config';
import type { RoleContext } from '@nightjar/role';

/** Keeps what runs noted in the data directory. A disk that is full costs the note alone. */
export function noteConfiguration({ config, watcher, clock, logger }: RoleContext): void {
  const started = watcher.text ?? '';
  const file = path.resolve(process.env['NIGHTJAR_CONFIG'] ?? 'nightjar.yaml');
  let noting: Promise<void> = Promise.resolve();
  const note = (): void => {
    noting = noting.then(async () => {
      const accepted = watcher.text ?? started;
      const acceptedAt = new Date(clock.wallMs()).toISOString();
      try {
        await noteApplied(config.dataDir, { file, started, accepted, acceptedAt });
      } catch (error) {
        logger.warn({ err: error }, `the running configuration is not noted: ${messageOf(error)}`);
      }
    });
  };
  note();
  watcher.on('changed', note);
}
