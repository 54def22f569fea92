import type { Provider } from '@nestjs/common';
import { AccessPolicy } from '@nightjar/access';
import { Catalog } from '@nightjar/catalog';
import { JobQueue } from '@nightjar/jobs';
import { HourStrips, HttpFootage, stripsDirectory } from '@nightjar/playback';
import { RoleContext } from '@nightjar/role';
import { ExportsService } from './exports.service.js';
import { FootageService, FOOTAGE_SERVICE } from './footage.service.js';
import { FileSender } from './send-file.js';

const DEFAULT_STREAM = 'main';

/** What the footage routes need. */
export const footageProviders: Provider[] = [
  {
    provide: FileSender,
    useFactory: ({ logger }: RoleContext) => new FileSender(logger),
    inject: [RoleContext],
  },
  {
    provide: HttpFootage,
    useFactory: ({ clock, config, watcher }: RoleContext) =>
      new HttpFootage({
        clock,
        volumes: () => watcher.config.volumes,
        ffmpeg: config.pictures.ffmpeg,
      }),
    inject: [RoleContext],
  },
  {
    provide: FOOTAGE_SERVICE,
    useFactory: (
      footage: HttpFootage,
      policy: AccessPolicy,
      sender: FileSender,
      { config, watcher }: RoleContext,
    ) =>
      new FootageService(
        footage,
        policy,
        sender,
        new HourStrips(stripsDirectory(config.dataDir)),
        recordedStream(watcher),
      ),
    inject: [HttpFootage, AccessPolicy, FileSender, RoleContext],
  },
  {
    provide: ExportsService,
    useFactory: (
      { exports: repository, timeline }: Catalog,
      queue: JobQueue,
      policy: AccessPolicy,
      sender: FileSender,
      { clock, watcher }: RoleContext,
    ) =>
      new ExportsService({
        repository,
        queue,
        policy,
        sender,
        clock,
        settings: () => watcher.config.exports,
        recordedStream: recordedStream(watcher),
        streams: async () => [
          ...Object.values(watcher.config.cameras).flatMap(({ name: camera, streams }) =>
            Object.keys(streams).map((stream) => ({ camera, stream })),
          ),
          ...(await timeline.streams()),
        ],
      }),
    inject: [Catalog, JobQueue, AccessPolicy, FileSender, RoleContext],
  },
];

/** The stream that a camera's recordings are of; a camera that was removed still has footage. */
function recordedStream(watcher: RoleContext['watcher']): (camera: string) => string {
  return (camera) => watcher.config.cameras[camera]?.record[0]?.stream ?? DEFAULT_STREAM;
}
