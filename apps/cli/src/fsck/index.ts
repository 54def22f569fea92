export { runFsck } from './run-fsck.js';
export type { FsckOptions } from './run-fsck.js';
