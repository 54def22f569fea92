import { NightjarError } from '@nightjar/common';
import { decoderKey } from '@nightjar/containers';
import type { SegmentReader } from '@nightjar/recording';
import { checkRequest, type FootageRequest } from '../footage-request.js';
import { Positions } from '../position.js';
import type { StoredFootage } from '../stored-footage.js';

/** Groups of pictures are put together until they last this long: what a player loads at once. */
const GROUP_MS = 4_000;
/** First version with fMP4 and EXT-X-MAP for any playlist (RFC 8216 s.7). */
const HLS_VERSION = 7;

export interface PlaylistRequest extends FootageRequest {
  /**
   * How a part of a file is asked for: by the header `Range` (EXT-X-BYTERANGE), or by its URL. FFmpeg cannot do the first
   * when the login is in the URL: a 401 on a request for a range is an error to it.
   */
  readonly ranges: 'http' | 'url';
  /** Of a signed URL: the parts are asked for with the same. */
  readonly token?: string | undefined;
}

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
  /** Of its init segment. */
  readonly decoderKey: string;
}

/**
 * The footage of a range as an HLS playlist of type VOD (RFC 8216): the stored files, by ranges of bytes that begin with
 * the fragment of a keyframe. Files that touch play as one; a gap or other parameter sets make a discontinuity.
 * @throws NightjarError as `buildClip`
 */
export async function vodPlaylist(
  footage: StoredFootage,
  request: PlaylistRequest,
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
      const init = await reader.init();
      const key = decoderKey(init);
      const previous = listed.at(-1);
      listed.push({
        file: segment.path.slice(segment.path.lastIndexOf('/') + 1),
        initBytes: init.length,
        groups,
        positionMs: reader.startMs - shiftMs,
        discontinuity: previous !== undefined && (!touches || previous.decoderKey !== key),
        decoderKey: key,
      });
    } finally {
      await reader.close();
    }
  }
  if (listed.length === 0) throw footage.missing('nothing was recorded in this range');
  return print(listed, request, Math.max(0, startMs - firstMs));
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

function print(
  listed: readonly ListedSegment[],
  { stream, ranges, token }: PlaylistRequest,
  startOffsetMs: number,
): string {
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
  for (const [index, segment] of listed.entries()) {
    const { file, initBytes, groups, positionMs, discontinuity } = segment;
    // One value for the tracks of a file, so that sound and picture keep together.
    const proof = token === undefined ? '' : `&token=${encodeURIComponent(token)}`;
    const uri = `segments/${file}?stream=${stream}&position=${Math.round(positionMs)}${proof}`;
    if (discontinuity) lines.push('#EXT-X-DISCONTINUITY');
    if (index === 0 || discontinuity) {
      const whole = `URI="${uri}",BYTERANGE="${initBytes}@0"`;
      const cut = `URI="${uri}&from=0&to=${initBytes}"`;
      lines.push(`#EXT-X-MAP:${ranges === 'http' ? whole : cut}`);
    }
    lines.push(`#EXT-X-PROGRAM-DATE-TIME:${new Date(groups[0]?.startMs ?? 0).toISOString()}`);
    for (const { startMs, endMs, offset, end } of groups) {
      lines.push(`#EXTINF:${seconds(endMs - startMs)},`);
      if (ranges === 'http') lines.push(`#EXT-X-BYTERANGE:${end - offset}@${offset}`, uri);
      else lines.push(`${uri}&from=${offset}&to=${end}`);
    }
  }
  lines.push('#EXT-X-ENDLIST', '');
  return lines.join('\n');
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3);
}
