export { Movie, type ShownMs } from './movie.js';
export { MovieTrack, type MovieSample } from './movie-track.js';
export type { Parts } from './parts.js';
export { decoderKey, describeTracks, type TrackDescription } from './track-description.js';
