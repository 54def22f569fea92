import { NightjarError } from '@nightjar/common';
import { ADTS, AC3, MPEG_AUDIO } from './audio-frames.js';
import { ContainerFile } from './container-file.js';
import { openElementaryVideo } from './elementary-video.js';
import { openAmr, openFramedAudio } from './framed-audio.js';
import {
  broken,
  unsupported,
  type FileBytes,
  type FileIndex,
  type MediaFile,
} from './media-file.js';
import { MergedFile } from './merged-file.js';
import { mpeg4Video } from './mpeg4-video.js';
import { h264Video, h265Video } from './nal-video.js';
import { ProgramStreamFile } from './program-stream.js';
import { TheoraFile } from './theora-file.js';
import { TransportStreamFile } from './transport-stream.js';

type Open = (source: FileBytes, known: FileIndex | undefined) => Promise<MediaFile>;

const h264: Open = (source, known) => openElementaryVideo(source, h264Video, known);
const h265: Open = (source, known) => openElementaryVideo(source, h265Video, known);
const container: Open = (source) => ContainerFile.open(source);
const program: Open = (source) => ProgramStreamFile.open(source);

/** How files are read, by the extensions of their names. */
const BY_EXTENSION: Readonly<Record<string, Open>> = {
  '264': h264,
  h264,
  '265': h265,
  h265,
  m4e: (source, known) => openElementaryVideo(source, mpeg4Video, known),
  aac: (source, known) => openFramedAudio(source, ADTS, known),
  mp3: (source, known) => openFramedAudio(source, MPEG_AUDIO, known),
  ac3: (source, known) => openFramedAudio(source, AC3, known),
  amr: openAmr,
  mpg: program,
  mpeg: program,
  vob: program,
  ts: (source) => TransportStreamFile.open(source),
  mkv: container,
  webm: container,
  mp4: container,
  m4a: container,
  mov: container,
  wav: container,
  opus: container,
  ogg: openOgg,
  ogv: openOgg,
};

/** Extensions of files that can be opened, in lower case without a dot. */
export const MEDIA_EXTENSIONS: readonly string[] = Object.keys(BY_EXTENSION);

/**
 * Opens a media file by the extension of its name.
 * @param known what an earlier opening of the very same bytes found
 * @throws NightjarError with status 415 when the content is none that can be sent, `data-loss` when it is broken
 */
export async function openMediaFile(
  source: FileBytes,
  extension: string,
  known?: FileIndex,
): Promise<MediaFile> {
  if (!Object.hasOwn(BY_EXTENSION, extension))
    throw new NightjarError('not-found', 'containers/extension', 'no media file by its name');
  if (source.sizeBytes === 0) throw unsupported('the file is empty');
  try {
    return await BY_EXTENSION[extension]!(source, known);
  } catch (error) {
    // Parts of the content that lie about their size, or about what they are.
    if (error instanceof NightjarError && error.kind === 'protocol')
      throw broken('the file does not add up', 0, error);
    throw error;
  }
}

async function openOgg(source: FileBytes): Promise<MediaFile> {
  const theora = await TheoraFile.open(source);
  if (theora === undefined) return await ContainerFile.open(source);
  try {
    return new MergedFile([theora, await ContainerFile.open(source)]);
  } catch (error) {
    // Theora alone: mediabunny knows none of its tracks.
    if (error instanceof NightjarError && error.where['status'] === 415) return theora;
    throw error;
  }
}
