import type { ServerResponse } from 'node:http';
import { Controller, Get, Inject, Param, Query, Req, Res } from '@nestjs/common';
import { Audited } from '../audit/audited.js';
import type { FootageRequestMessage, FootageService } from './footage.service.js';
import { FOOTAGE_SERVICE } from './footage.service.js';
import {
  ClipQuery,
  HourStripQuery,
  PlaylistQuery,
  SegmentQuery,
  SnapshotQuery,
  ThumbnailsQuery,
} from './footage-queries.js';

/** Footage for players and browsers; who may see it is decided in the service. */
@Controller('api/v1/cameras/:camera')
export class FootageController {
  constructor(@Inject(FOOTAGE_SERVICE) private readonly footage: FootageService) {}

  @Get('clip.mp4')
  @Audited('playback')
  clip(
    @Req() request: FootageRequestMessage,
    @Res() response: ServerResponse,
    @Param('camera') camera: string,
    @Query({ schema: ClipQuery }) query: ClipQuery,
  ): Promise<void> {
    return this.footage.clip(request, response, camera, query);
  }

  @Get('playlist.m3u8')
  @Audited('playback')
  playlist(
    @Req() request: FootageRequestMessage,
    @Res() response: ServerResponse,
    @Param('camera') camera: string,
    @Query({ schema: PlaylistQuery }) query: PlaylistQuery,
  ): Promise<void> {
    return this.footage.playlist(request, response, camera, query);
  }

  @Get('segments/:file')
  segment(
    @Req() request: FootageRequestMessage,
    @Res() response: ServerResponse,
    @Param('camera') camera: string,
    @Param('file') file: string,
    @Query({ schema: SegmentQuery }) query: SegmentQuery,
  ): Promise<void> {
    return this.footage.segment(request, response, camera, file, query);
  }

  @Get('snapshot.jpg')
  @Audited('playback')
  snapshot(
    @Req() request: FootageRequestMessage,
    @Res() response: ServerResponse,
    @Param('camera') camera: string,
    @Query({ schema: SnapshotQuery }) query: SnapshotQuery,
  ): Promise<void> {
    return this.footage.snapshot(request, response, camera, query);
  }

  @Get('thumbnails.jpg')
  @Audited('playback')
  thumbnails(
    @Req() request: FootageRequestMessage,
    @Res() response: ServerResponse,
    @Param('camera') camera: string,
    @Query({ schema: ThumbnailsQuery }) query: ThumbnailsQuery,
  ): Promise<void> {
    return this.footage.thumbnails(request, response, camera, query);
  }

  @Get('thumbnails.json')
  strip(
    @Req() request: FootageRequestMessage,
    @Res() response: ServerResponse,
    @Param('camera') camera: string,
    @Query({ schema: ThumbnailsQuery }) query: ThumbnailsQuery,
  ): Promise<void> {
    return this.footage.strip(request, response, camera, query);
  }

  @Get('thumbnails/:file')
  hourStrip(
    @Req() request: FootageRequestMessage,
    @Res() response: ServerResponse,
    @Param('camera') camera: string,
    @Param('file') file: string,
    @Query({ schema: HourStripQuery }) query: HourStripQuery,
  ): Promise<void> {
    return this.footage.hourStrip(request, response, camera, file, query);
  }
}
