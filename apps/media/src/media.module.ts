import { Module } from '@nestjs/common';
import { PlaybackModule } from '@nightjar/playback';
import { RecordingModule } from '@nightjar/recording';
import { RelayModule } from '@nightjar/relay';
import { RtspFrontModule } from './rtsp-front.module.js';

/** Pulls and relays streams, records them and plays them back. */
@Module({ imports: [RelayModule, RecordingModule, PlaybackModule, RtspFrontModule] })
export class MediaModule {}
