import { Module, type DynamicModule } from '@nestjs/common';
import { RecordingVolumes } from '@nightjar/recording';
import type { Elsewhere } from '@nightjar/relay';

/** A shard among the others; the injection token of the same. */
export abstract class ShardPlace {
  /** From 0. */
  abstract readonly index: number;
  abstract readonly count: number;
  abstract readonly elsewhere: Elsewhere;
}

/** What a shard has that a media role in one process has not, or has for itself. */
@Module({})
export class ShardModule {
  static with(place: ShardPlace, volumes: RecordingVolumes): DynamicModule {
    return {
      module: ShardModule,
      global: true,
      providers: [
        { provide: ShardPlace, useValue: place },
        { provide: RecordingVolumes, useValue: volumes },
      ],
      exports: [ShardPlace, RecordingVolumes],
    };
  }
}
