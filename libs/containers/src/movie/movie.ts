import { LARGE_BOX_HEADER_BYTES } from '../boxes.js';
import { MovieTrack } from './movie-track.js';
import { boxOf, fullBoxOf, joinParts, u32, u64, type Parts } from './parts.js';
import type { TrackDescription } from './track-description.js';

/** Ticks per second of the movie's own times: those of RTP video, so that a picture's time is exact. */
const MOVIE_TIMESCALE = 90_000;
/** The unity matrix of ISO/IEC 14496-12 s.8.2.2. */
const MATRIX = u32(0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000);
/** `next_track_ID`: any beyond those in use. */
const NEXT_TRACK_ID = 0xffffffff;

/** Which part of the movie is shown, milliseconds from its zero; the end is excluded. */
export interface ShownMs {
  readonly startMs: number;
  readonly endMs: number;
}

/**
 * Writes the front of an MP4 whose media data lie elsewhere: `ftyp`, `moov` with sample tables, and the header of one
 * `mdat`, behind which the media data follow as they are (ISO/IEC 14496-12). It is made for data that are never copied:
 * bytes between samples are allowed, so whole stretches of other files can be the media data.
 */
export class Movie {
  private readonly list: MovieTrack[] = [];

  /** Adds a track; its samples are added to what this returns. */
  track(description: TrackDescription): MovieTrack {
    const track = new MovieTrack(description);
    this.list.push(track);
    return track;
  }

  get samples(): number {
    return this.list.reduce((sum, track) => sum + track.samples, 0);
  }

  /** Memory of the sample tables. */
  get tableBytes(): number {
    return this.list.reduce((sum, track) => sum + track.tableBytes, 0);
  }

  /**
   * Ends the movie. Tracks without samples are left out.
   * @param mediaBytes length of the media data
   */
  finish(mediaBytes: number, shown: ShownMs): Parts {
    const tracks = this.list.filter(({ samples }) => samples > 0);
    for (const track of tracks) track.finish();
    const ftyp = fileType(tracks);
    // Offsets have 64 bits whatever they are, so that the size of the front does not depend on them.
    const moovBytes = moov(tracks, 0, shown).bytes;
    const dataOffset = ftyp.bytes + moovBytes + LARGE_BOX_HEADER_BYTES;
    const mdat = Buffer.concat([
      u32(1),
      Buffer.from('mdat', 'latin1'),
      u64(LARGE_BOX_HEADER_BYTES + mediaBytes),
    ]);
    return joinParts(ftyp, moov(tracks, dataOffset, shown), mdat);
  }
}

function moov(tracks: readonly MovieTrack[], dataOffset: number, shown: ShownMs): Parts {
  let duration = 0;
  const traks = tracks.map((track, index) => {
    const { timescale } = track.description;
    const ticks = (ms: number): number => Math.round((ms * timescale) / 1000);
    const range = { start: ticks(shown.startMs), end: ticks(shown.endMs) };
    const shownTicks = Math.round((track.shownTicks(range) / timescale) * MOVIE_TIMESCALE);
    duration = Math.max(duration, shownTicks);
    return track.trak(index + 1, MOVIE_TIMESCALE, dataOffset, range);
  });
  const rateAndVolume = u32(0x00010000, 0x01000000, 0, 0);
  const mvhd = fullBoxOf(
    'mvhd',
    1,
    0,
    u64(0, 0),
    u32(MOVIE_TIMESCALE),
    u64(duration),
    rateAndVolume,
    MATRIX,
    Buffer.alloc(24),
    u32(NEXT_TRACK_ID),
  );
  return boxOf('moov', mvhd, ...traks);
}

/** G.711 has no place in ISO files, so these are QuickTime, as its segments are. */
function fileType(tracks: readonly MovieTrack[]): Parts {
  const quickTime = tracks.some(({ description }) =>
    description.entries.some((entry) => /^[ua]law$/.test(entry.toString('latin1', 4, 8))),
  );
  const brands = quickTime ? ['qt  '] : ['isom', 'iso4', 'mp41', 'mp42'];
  const [major = 'isom'] = brands;
  return boxOf('ftyp', Buffer.from(major), u32(0x200), Buffer.from(brands.join('')));
}
