export { checkFile, type ExpectedFile, type FileVerdict } from './check-file.js';
export {
  checkSegment,
  continuePass,
  type CheckedVolume,
  type FoundDamage,
} from './check-volume.js';
export {
  compareDay,
  parsePayload,
  verifyCheckpoints,
  type CheckpointPayload,
  type CheckpointVerdict,
} from './checkpoint.js';
export { CatalogReconcile, IntegrityCheck, SignCheckpoints, VolumeScan } from './jobs.js';
export { Pace } from './pace.js';
export { CHECK_INTERVAL_MS, integrityProcessors, type IntegrityOptions } from './processors.js';
export { keptSigningKey, publicKeyOf, signingKeyFile } from './signing-key.js';
export { signDays } from './sign-days.js';
export { catchUp, fileExists, scannedFiles } from './volume-files.js';
