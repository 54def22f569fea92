export * from './boxes.js';
export { encodeFragment } from './fragment.js';
export type { EncodedFragment, FragmentSample, FragmentTrack } from './fragment.js';
export * from './fragment-reader.js';
export * from './init-segment.js';
export * from './movie/index.js';
export * from './segment-file.js';
export * from './segment-header.js';
export * from './segment-index.js';
