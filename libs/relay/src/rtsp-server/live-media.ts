import type { MountMedia } from './mount.js';

/** What a stream allows that can only be watched as it comes. */
export const LIVE_MEDIA: MountMedia = {
  properties: { seeking: 'none', content: 'progressing', retention: { seconds: 0 } },
  ranges: ['npt=now-'],
  units: ['npt'],
};
