import { AMR_NB, AMR_WB, type AudioFrame, type FrameHeader } from './audio-frames.js';
import { ByteWindow, WINDOW_BYTES } from './byte-window.js';
import { broken, unsupported, type FileBytes, type FileIndex } from './media-file.js';
import { SteppedFile, type FoundUnit, type UnitSyntax } from './stepped-file.js';

/** How far a frame may be from where it is expected; further on nothing is looked for. */
const MAX_SEARCH_BYTES = WINDOW_BYTES;
/** ID3v2 header, and the footer that may repeat it (id3.org, ID3v2.4 s.3.1). */
const ID3_BYTES = 10;
const ID3_FOOTER = 0x10;
const MAX_TAGS = 8;
const AMR_MAGIC = '#!AMR\n';
const AMR_WB_MAGIC = '#!AMR-WB\n';
/** A first MPEG audio frame that says how many there are, and is silent. Its mark stands behind the side information. */
const XING = /Xing|Info|VBRI/;
const XING_WITHIN_BYTES = 48;

/**
 * Opens sound that is frame after frame, each with a header that tells its length.
 * @throws NightjarError 415 when it does not begin with such a frame
 */
export async function openFramedAudio(
  source: FileBytes,
  header: FrameHeader,
  known?: FileIndex,
): Promise<SteppedFile> {
  const window = new ByteWindow(source);
  const { offset, frame } = await firstFrame(window, header, await behindTags(window));
  const informs = await isInformation(window, offset, frame);
  const syntax: UnitSyntax = {
    config: frame.config,
    unitMs: (frame.samples / frame.sampleRateHz) * 1000,
    startsAt: informs ? offset + frame.bytes : offset,
    find: (from, at) => findFrame(from, at, header),
    dataOf: (bytes) => bytes.subarray(frame.skip === 0 ? 0 : (header.read(bytes)?.skip ?? 0)),
  };
  return await SteppedFile.open(source, syntax, known);
}

/** Opens AMR or AMR-WB by the line at its start. @throws NightjarError 415 when it is another, or several channels */
export async function openAmr(source: FileBytes, known?: FileIndex): Promise<SteppedFile> {
  const start = Buffer.from(await source.read(0, AMR_WB_MAGIC.length)).toString('latin1');
  const wide = start === AMR_WB_MAGIC;
  if (!wide && !start.startsWith(AMR_MAGIC)) throw unsupported('the file is no AMR of one channel');
  const startsAt = (wide ? AMR_WB_MAGIC : AMR_MAGIC).length;
  const header = wide ? AMR_WB : AMR_NB;
  const { frame } = await firstFrame(new ByteWindow(source), header, startsAt);
  const syntax: UnitSyntax = {
    config: frame.config,
    unitMs: (frame.samples / frame.sampleRateHz) * 1000,
    startsAt,
    find: (from, at) => findFrame(from, at, header),
    dataOf: (bytes) => bytes,
  };
  return await SteppedFile.open(source, syntax, known);
}

async function behindTags(window: ByteWindow): Promise<number> {
  let at = 0;
  for (let tags = 0; tags < MAX_TAGS; tags += 1) {
    const header = await window.view(at, ID3_BYTES);
    if (header.length < ID3_BYTES || header.toString('latin1', 0, 3) !== 'ID3') break;
    const size = header.subarray(6, 10).reduce((sum, byte) => sum * 128 + (byte & 0x7f), 0);
    at += ID3_BYTES + size + ((header[5]! & ID3_FOOTER) === 0 ? 0 : ID3_BYTES);
  }
  return at;
}

async function firstFrame(
  window: ByteWindow,
  header: FrameHeader,
  from: number,
): Promise<{ offset: number; frame: AudioFrame }> {
  const found = await findFrame(window, from, header);
  const frame = found && header.read(await window.view(found.start, header.bytes));
  if (found === undefined || frame === undefined)
    throw unsupported('the file does not begin with a frame of the sound its name says');
  return { offset: found.start, frame };
}

async function isInformation(window: ByteWindow, at: number, frame: AudioFrame): Promise<boolean> {
  if (frame.config.codec !== 'mpeg-audio') return false;
  const start = await window.view(at, Math.min(frame.bytes, XING_WITHIN_BYTES));
  return XING.test(start.toString('latin1'));
}

/**
 * The next frame that is whole. Behind bytes that are none a frame counts when another follows it.
 */
async function findFrame(
  window: ByteWindow,
  from: number,
  header: FrameHeader,
): Promise<FoundUnit | undefined> {
  const limit = Math.min(window.sizeBytes, from + MAX_SEARCH_BYTES);
  const read = async (at: number): Promise<AudioFrame | undefined> =>
    header.read(await window.view(at, header.bytes));
  for (let at = from; at < limit; at += 1) {
    const frame = await read(at);
    const end = frame === undefined ? at : at + frame.bytes;
    const whole = frame !== undefined && end <= window.sizeBytes;
    if (whole) {
      const sure = at === from || end === window.sizeBytes || (await read(end)) !== undefined;
      if (sure) return { start: at, end, keyframe: true };
    }
    if (!header.synchronised) {
      if (at + header.bytes >= window.sizeBytes || frame !== undefined) return undefined;
      throw broken('the file holds something that is no frame', at);
    }
  }
  return undefined;
}
