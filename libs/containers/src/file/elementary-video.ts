import { ByteWindow } from './byte-window.js';
import { broken, unsupported, type FileBytes, type FileIndex } from './media-file.js';
import { nextStartCode } from './start-codes.js';
import { SteppedFile, type FoundUnit, type UnitSyntax } from './stepped-file.js';

/** Largest picture that is read. */
const MAX_PICTURE_BYTES = 16 * 1024 * 1024;
/** Headers are looked for in so much of the start. */
const HEAD_BYTES = 1024 * 1024;
/** Bytes behind a start code that tell what it begins: of H.264 up to the parity of a field. */
const PEEK_BYTES = 12;

/** What begins at a start code. */
export interface Part {
  /** `picture`: the first part of a picture. `more`: of the picture before it. `head`: of the picture behind it. `end`: of nothing. */
  readonly role: 'picture' | 'more' | 'head' | 'end';
  readonly keyframe: boolean;
}

/** How a video stream with start codes is read. */
export interface VideoSyntax extends Omit<UnitSyntax, 'startsAt' | 'find'> {
  /**
   * @param bytes behind the start code, twelve of them or what is left of the file
   * @param picture the same of the picture that it may belong to
   */
  part(bytes: Buffer, picture: Buffer | undefined): Part;
}

/**
 * Opens a video stream without times.
 * @param read finds out about the stream from its start; undefined when that holds no headers
 * @throws NightjarError 415 when its headers are not found
 */
export async function openElementaryVideo(
  source: FileBytes,
  read: (head: Buffer) => VideoSyntax | undefined,
  known?: FileIndex,
): Promise<SteppedFile> {
  const window = new ByteWindow(source);
  const head = await window.view(0, HEAD_BYTES);
  const syntax = read(head);
  if (syntax === undefined)
    throw unsupported('the file does not begin with the video its name says');
  const find = (from: ByteWindow, at: number): Promise<FoundUnit | undefined> =>
    findPicture(from, at, syntax);
  return await SteppedFile.open(source, { ...syntax, startsAt: 0, find }, known);
}

/** The next picture with the headers before it. */
async function findPicture(
  window: ByteWindow,
  from: number,
  syntax: VideoSyntax,
): Promise<FoundUnit | undefined> {
  let start: number | undefined;
  let picture: Buffer | undefined;
  let keyframe = false;
  for (let at = await nextStartCode(window, from); at !== undefined;) {
    const bytes = await window.view(at + START_CODE_BYTES, PEEK_BYTES);
    const part = syntax.part(bytes, picture);
    if (picture !== undefined && part.role !== 'more') return { start: start!, end: at, keyframe };
    if (part.role === 'picture') {
      picture = Buffer.from(bytes);
      keyframe = part.keyframe;
    }
    if (part.role === 'picture' || part.role === 'head') start ??= at;
    if (start !== undefined && at - start > MAX_PICTURE_BYTES)
      throw broken('a picture is too large', at);
    at = await nextStartCode(window, at + START_CODE_BYTES);
  }
  if (picture === undefined || start === undefined) return undefined;
  if (window.sizeBytes - start > MAX_PICTURE_BYTES) throw broken('a picture is too large', start);
  return { start, end: window.sizeBytes, keyframe };
}

const START_CODE_BYTES = 3;
