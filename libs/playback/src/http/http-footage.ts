import { NightjarError, type Clock } from '@nightjar/common';
import { isPlainName } from '@nightjar/recording';
import type { Clip, ClipRequest } from './clip/clip.js';
import { ClipCache } from './clip/clip-cache.js';
import { checkRequest } from './footage-request.js';
import { mediaSegment, type MediaSegment } from './hls/media-segment.js';
import { vodPlaylist, type PlaylistRequest } from './hls/playlist.js';
import { Ffmpeg } from './picture/ffmpeg.js';
import { takeSnapshot, type Snapshot, type SnapshotRequest } from './picture/snapshot.js';
import {
  drawStrip,
  MAX_THUMBNAILS,
  planStrip,
  type ThumbnailRequest,
  type ThumbnailStrip,
} from './picture/thumbnails.js';
import { StoredFootage } from './stored-footage.js';

export interface HttpFootageOptions {
  /** The configured volumes, as they are now. */
  volumes(): Readonly<Record<string, { readonly path: string }>>;
  readonly clock: Clock;
  /** Program that makes pictures. */
  readonly ffmpeg: readonly string[];
}

/** Footage of the volumes in the forms that HTTP serves; every call looks at the disks anew. */
export class HttpFootage {
  private readonly clips: ClipCache;
  private readonly ffmpeg: Ffmpeg;

  constructor(private readonly options: HttpFootageOptions) {
    this.clips = new ClipCache(options.clock);
    this.ffmpeg = new Ffmpeg(options.ffmpeg, options.clock);
  }

  /** @param resuming the client has a part of this clip already. Throws as {@link ClipCache.get}. */
  async clip(request: ClipRequest, resuming: boolean): Promise<Clip> {
    checkRequest(request);
    return await this.clips.get(await this.open(), request, resuming);
  }

  /** Throws as {@link vodPlaylist}. */
  async playlist(request: PlaylistRequest): Promise<string> {
    checkRequest(request);
    return await vodPlaylist(await this.open(), request);
  }

  /**
   * A stored segment for a playlist.
   * @throws NightjarError 'not-found' for anything else than the name of a segment that is there
   */
  async segment(
    camera: string,
    stream: string,
    file: string,
    positionMs: number,
  ): Promise<MediaSegment> {
    checkNames(camera, stream);
    const footage = await this.open();
    const path = await footage.find(camera, stream, file);
    try {
      return await mediaSegment(path, positionMs);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT')
        throw footage.missing('the segment was deleted');
      throw error;
    }
  }

  /** Throws as {@link takeSnapshot}. */
  async snapshot(request: SnapshotRequest, signal: AbortSignal): Promise<Snapshot> {
    checkNames(request.camera, request.stream);
    return await takeSnapshot(await this.open(), this.ffmpeg, request, signal);
  }

  /** Which pictures a strip shows. Throws as {@link planStrip}. */
  async strip(request: ThumbnailRequest): Promise<ThumbnailStrip> {
    checkRequest(request);
    if (request.count < 1 || request.count > MAX_THUMBNAILS)
      throw new NightjarError('invalid', 'footage/count', `count: 1 to ${MAX_THUMBNAILS}`);
    return await planStrip(await this.open(), request);
  }

  async thumbnails(request: ThumbnailRequest, signal: AbortSignal): Promise<Buffer> {
    return await drawStrip(this.ffmpeg, await this.strip(request), signal);
  }

  private async open(): Promise<StoredFootage> {
    return await StoredFootage.open(this.options.volumes());
  }
}

function checkNames(camera: string, stream: string): void {
  if (!isPlainName(camera) || !isPlainName(stream))
    throw new NightjarError('not-found', 'footage/not-found', 'there is no such camera or stream');
}
