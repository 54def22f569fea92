export type { AccountEnd } from './account-record.js';
export type {
  DropReason,
  GapReason,
  RecordingLog,
  RecordingMetrics,
  RecordingSettings,
  SyncPolicy,
} from './ports.js';
export type { Demand, Demands, PreRoll } from './demand/demand.js';
export { RELEVANT_MS as EVENT_RELEVANT_MS, RecentEvents } from './demand/recent-events.js';
export { RecordingDemands } from './demand/recording-demands.js';
export type { DemandSignals } from './demand/recording-demands.js';
export { WeeklySchedule } from './demand/weekly-schedule.js';
export { createSegmentFile, FileSource } from './durable-files.js';
export type { CreateSegmentFile } from './durable-files.js';
export { Journal, JOURNAL_FILE_BYTES } from './journal.js';
export type { JournalSink } from './journal.js';
export { JOURNAL_CHUNK_BYTES, readJournal } from './journal-reader.js';
export type { JournalChunk } from './journal-reader.js';
export type { JournalLine, RecordOf } from './journal-records.js';
export { KnownVolumes, knownVolumesFile } from './known-volumes.js';
export { MediaClock } from './media-clock.js';
export { createRecorder, Recorder } from './recorder.js';
export type { Gap, RecorderOptions } from './recorder-options.js';
export { finishSegment, hashFile, recoverVolume } from './recovery.js';
export type { InterruptedRun, RecoveryReport } from './recovery.js';
export { scanVolume } from './scan.js';
export type { ScanProblem, SegmentFacts, SegmentOnDisk } from './scan.js';
export { SegmentChain } from './segment-chain.js';
export { SegmentDirectory } from './segment-directory.js';
export type { LiveSegments, SegmentEntry } from './segment-directory.js';
export {
  hourDirectory,
  isPlainName,
  parseSegmentFile,
  parseSegmentPath,
  printSegmentPath,
  streamDirectory,
} from './segment-path.js';
export type { SegmentName } from './segment-path.js';
export { SegmentReader } from './segment-reader.js';
export type { RecordedUnit } from './segment-reader.js';
export { TickLine } from './tick-line.js';
export { Volume, type Adoption } from './volume.js';
export { WallClock } from './wall-clock.js';
export { Archive, type ArchivedSegment } from './archive.js';
export type { Extent } from './stream-extents.js';
export { RecordingModule } from './recording.module.js';
export { Recordings, type RecordingsOptions } from './recordings.js';
export { collectVolumes, OwnVolumes, RecordingVolumes } from './recording-volumes.js';
export type { OpenedVolume, RecordingTarget, RecordingVolume } from './recording-volumes.js';
export { OpenVolumes, type OpenVolumesOptions } from './open-volumes.js';
export { VolumeMonitor } from './volume-monitor.js';
export type { VolumeChecks, VolumeMonitorOptions } from './volume-monitor.js';
export { isReadable, isWritable, problemOf } from './volume-status.js';
export type { VolumeProblem, VolumeStatus } from './volume-status.js';
export { writeFailureOf, type VolumeFailure, type WriteFailure } from './write-failure.js';
export { VolumeKeeper } from './volume-keeper.js';
export type { VolumeFacts, VolumeKeeperOptions, Writer } from './volume-keeper.js';
