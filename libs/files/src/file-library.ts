import { openMediaFile, type FileIndex, type MediaFile } from '@nightjar/containers';
import { sentFormatOf, type SentConfig, type TrackFormat } from '@nightjar/rtp';
import type { MediaRoot, OpenedFile } from './media-root.js';

/** Descriptions that are remembered. */
const MAX_REMEMBERED = 64;
/** First dynamic payload type (RFC 3551 s.6). */
const FIRST_DYNAMIC = 96;

/** What is known of a file without having it open. */
export interface FileDescription {
  readonly identity: string;
  readonly tracks: readonly SentConfig[];
  readonly formats: readonly TrackFormat[];
  readonly durationMs: number | undefined;
  readonly seekable: boolean;
  readonly index: FileIndex | undefined;
}

/** A file that is played. */
export interface PlayableFile {
  readonly media: MediaFile;
  readonly description: FileDescription;
  close(): Promise<void>;
}

/** The media files below the root, and what was found out about those asked for last. */
export class FileLibrary {
  private readonly remembered = new Map<string, FileDescription>();

  constructor(private readonly root: MediaRoot) {}

  /**
   * @param name decoded path below the root
   * @throws NightjarError `not-found`, `exhausted`, `data-loss`, or with status 415
   */
  async describe(name: string): Promise<FileDescription> {
    const file = await this.root.openFile(name);
    try {
      const known = this.remembered.get(file.identity);
      if (known !== undefined) return known;
      const media = await openMediaFile(file, file.extension);
      media.close();
      return this.remember(file, media);
    } finally {
      await file.close();
    }
  }

  /** Opens a file to be played. The caller closes it. @throws as {@link describe} */
  async open(name: string): Promise<PlayableFile> {
    const file = await this.root.openFile(name);
    try {
      const known = this.remembered.get(file.identity);
      const media = await openMediaFile(file, file.extension, known?.index);
      return {
        media,
        description: known ?? this.remember(file, media),
        close: async () => {
          media.close();
          await file.close();
        },
      };
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  private remember({ identity }: OpenedFile, media: MediaFile): FileDescription {
    const { tracks, durationMs, seekable, index } = media;
    const formats = tracks.map((config, i) => sentFormatOf(config, FIRST_DYNAMIC + i));
    const description = { identity, tracks, formats, durationMs, seekable, index };
    this.remembered.set(identity, description);
    for (const oldest of this.remembered.keys()) {
      if (this.remembered.size <= MAX_REMEMBERED) break;
      this.remembered.delete(oldest);
    }
    return description;
  }
}
