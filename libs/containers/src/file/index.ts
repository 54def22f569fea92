export { MEDIA_EXTENSIONS, openMediaFile } from './open.js';
export type { FileBytes, FileIndex, MediaFile, MediaFileUnit } from './media-file.js';
