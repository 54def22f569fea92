import { NightjarError } from '@nightjar/common';
import type { SegmentReader } from '@nightjar/recording';
import { checkRequest, type FootageRequest } from '../footage-request.js';
import { Positions } from '../position.js';
import type { StoredFootage } from '../stored-footage.js';

/** Groups of pictures are put together until they last this long: what a player loads at once. */
const GROUP_MS = 4_000;
/** First version with fMP4 and EXT-X-MAP for any playlist (RFC 8216 s.7). */
const HLS_VERSION = 7;

/** Bytes of a segment file that a player loads at once. */
interface Group {
  readonly startMs: number;
  readonly endMs: number;
  readonly offset: number;
  readonly end: number;
}

interface ListedSegment {
  readonly file: string;
  readonly initBytes: number;
  readonly groups: readonly Group[];
  /** The position of its tick 0. */
  readonly positionMs: number;
  readonly discontinuity: boolean;
  readonly init: Buffer;
}

/**
 * The footage of a range as an HLS playlist of type VOD (RFC 8216): the stored files, by ranges of bytes that begin with
 * the fragment of a keyframe. Files that touch play as one; a gap or other parameter sets make a discontinuity.
 * @throws NightjarError as `buildClip`
 */
export async function vodPlaylist(
  footage: StoredFootage,
  request: FootageRequest,
): Promise<string> {
  checkRequest(request);
  const { camera, stream, startMs, endMs } = request;
  const listed: ListedSegment[] = [];
  let positions: Positions | undefined;
  let firstMs = startMs;
  for (const segment of await footage.archive.list(camera, stream, startMs, endMs)) {
    const reader = await footage.archive.open(segment).catch((error: unknown) => {
      const gone = (error as NodeJS.ErrnoException).code === 'ENOENT';
      if (gone || (error instanceof NightjarError && error.kind === 'data-loss')) return undefined;
      throw error;
    });
    if (reader === undefined) continue;
    try {
      const groups = groupsOf(reader, startMs, endMs);
      const [first] = groups;
      if (first === undefined) continue;
      if (positions === undefined) firstMs = first.startMs;
      // From the start of the file, of which only the end may be wanted: no position is negative.
      positions ??= new Positions(reader.startMs, 'cut');
      const { shiftMs, touches } = positions.next(reader.startMs, reader.endMs);
      const init = Buffer.from(await reader.init());
      const previous = listed.at(-1);
      listed.push({
        file: segment.path.slice(segment.path.lastIndexOf('/') + 1),
        initBytes: init.length,
        groups,
        positionMs: reader.startMs - shiftMs,
        discontinuity: previous !== undefined && (!touches || !previous.init.equals(init)),
        init,
      });
    } finally {
      await reader.close();
    }
  }
  if (listed.length === 0) throw footage.missing('nothing was recorded in this range');
  return print(listed, stream, Math.max(0, startMs - firstMs));
}

/** The groups of a segment that hold something of the range; of an audio segment each fragment counts as a keyframe. */
function groupsOf(reader: SegmentReader, startMs: number, endMs: number): Group[] {
  const groups: Group[] = [];
  const { keyframes } = reader;
  for (const [index, { offset }] of keyframes.entries()) {
    const next = keyframes[index + 1];
    // Several keyframes may lie in one fragment, which cannot be divided.
    if (next !== undefined && next.offset === offset) continue;
    const first = groups.at(-1);
    const group = {
      startMs: first?.endMs ?? reader.startMs,
      endMs: next === undefined ? reader.endMs : reader.wallMs(0, next.ticks),
      offset: first?.end ?? offset,
      end: next?.offset ?? reader.mediaEnd,
    };
    if (first !== undefined && first.endMs - first.startMs < GROUP_MS)
      groups[groups.length - 1] = { ...first, endMs: group.endMs, end: group.end };
    else groups.push(group);
  }
  return groups.filter((group) => group.endMs > startMs && group.startMs < endMs);
}

function print(listed: readonly ListedSegment[], stream: string, startOffsetMs: number): string {
  const longest = Math.max(
    ...listed.flatMap(({ groups }) => groups.map((group) => group.endMs - group.startMs)),
  );
  const lines = [
    '#EXTM3U',
    `#EXT-X-VERSION:${HLS_VERSION}`,
    `#EXT-X-TARGETDURATION:${Math.max(1, Math.ceil(longest / 1000))}`,
    '#EXT-X-MEDIA-SEQUENCE:0',
    '#EXT-X-PLAYLIST-TYPE:VOD',
  ];
  if (startOffsetMs > 0)
    lines.push(`#EXT-X-START:TIME-OFFSET=${seconds(startOffsetMs)},PRECISE=YES`);
  for (const [
    index,
    { file, initBytes, groups, positionMs, discontinuity, init },
  ] of listed.entries()) {
    // One value for the tracks of a file, so that sound and picture keep together.
    const uri = `segments/${file}?stream=${stream}&position=${Math.round(positionMs)}`;
    const previous = listed[index - 1];
    if (discontinuity) lines.push('#EXT-X-DISCONTINUITY');
    if (previous === undefined || discontinuity || !previous.init.equals(init))
      lines.push(`#EXT-X-MAP:URI="${uri}",BYTERANGE="${initBytes}@0"`);
    lines.push(`#EXT-X-PROGRAM-DATE-TIME:${new Date(groups[0]?.startMs ?? 0).toISOString()}`);
    for (const group of groups) {
      lines.push(
        `#EXTINF:${seconds(group.endMs - group.startMs)},`,
        `#EXT-X-BYTERANGE:${group.end - group.offset}@${group.offset}`,
        uri,
      );
    }
  }
  lines.push('#EXT-X-ENDLIST', '');
  return lines.join('\n');
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3);
}
