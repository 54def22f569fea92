export { runFsck } from './run-fsck.js';
export type { FsckOptions, FsckResult } from './run-fsck.js';
