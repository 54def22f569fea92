import { Module } from '@nestjs/common';
import { PlaybackModule } from '@nightjar/playback';
import { RecordingModule } from '@nightjar/recording';
import { RelayModule } from '@nightjar/relay';
import { RtspServerModule } from './rtsp-server.module.js';

/** Pulls and relays streams, records them and plays them back. */
@Module({ imports: [RelayModule, RecordingModule, PlaybackModule, RtspServerModule] })
export class MediaModule {}
