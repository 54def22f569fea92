export { exportCheckpoints, listCheckpoints, verifyArchive } from './checkpoints.js';
