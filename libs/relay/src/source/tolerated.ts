import type { SignallingTolerance } from '@nightjar/rtsp';
import type { Tolerance } from '@nightjar/rtp';

/** What is borne in the media of a source and in their reports, by names that stay. */
export const TOLERATED_MEDIA = {
  'early-media': {
    seen: 'media before the answer to PLAY',
    makers: 'Reolink, v4l2rtspserver',
    noted: true,
  },
  'foreign-payload-type': {
    seen: 'packets of a type that was not described, with numbers that repeat: dropped',
    makers: 'Geovision, Uniview',
    noted: true,
  },
  'leftover-packets': {
    seen: 'packets of an older session between those of this one: dropped',
    makers: 'Reolink',
    noted: true,
  },
  'unassigned-channel': { seen: 'media on a channel that was not given: dropped', noted: true },
  'foreign-reports': {
    seen: 'reports and goodbyes of sources that do not send',
    makers: 'Tapo',
    noted: true,
  },
  'headless-reports': { seen: 'reports that begin with neither SR nor RR, or have no end of SDES' },
  'large-datagrams': { seen: 'datagrams of 10 kB', makers: 'Tapo' },
  'other-port': { seen: 'datagrams from another port than was told' },
  'clock-restart': { seen: 'numbers and timestamps that begin anew without a word' },
  'clock-jump': { seen: 'timestamps that jump' },
  'picture-far-away': {
    seen: 'single pictures with timestamps that are hours away',
    makers: 'Intelbras',
  },
  'wrong-date': { seen: 'reports with the date of 1970, or local time' },
  'no-reports': { seen: 'no reports at all' },
  'pcm-by-name': { seen: '`PCM`, which is little-endian: sent on as L16', makers: 'Hikvision' },
} as const satisfies Readonly<Record<string, Tolerance>>;

/** What is noted of a camera. */
export type CameraTolerance = SignallingTolerance | keyof typeof TOLERATED_MEDIA;
