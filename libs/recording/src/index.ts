export type { AccountEnd } from './account/account-record.js';
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
export { createSegmentFile, FileSource } from './segments/durable-files.js';
export type { CreateSegmentFile } from './segments/durable-files.js';
export { Journal, JOURNAL_FILE_BYTES } from './journal/journal.js';
export type { JournalSink } from './journal/journal.js';
export { JOURNAL_CHUNK_BYTES, readJournal } from './journal/journal-reader.js';
export type { JournalChunk } from './journal/journal-reader.js';
export type { JournalLine, RecordOf } from './journal/journal-records.js';
export { KnownVolumes, knownVolumesFile } from './volumes/known-volumes.js';
export { MediaClock } from './time/media-clock.js';
export { createRecorder, Recorder } from './recorder/recorder.js';
export type { Gap, RecorderOptions } from './recorder/recorder-options.js';
export { finishSegment, hashFile, recoverVolume } from './segments/recovery.js';
export type { InterruptedRun, RecoveryReport } from './segments/recovery.js';
export { scanVolume } from './segments/scan.js';
export type { ScanProblem, SegmentFacts, SegmentOnDisk } from './segments/scan.js';
export { SegmentChain } from './segments/segment-chain.js';
export { SegmentDirectory } from './segments/segment-directory.js';
export type { LiveSegments, SegmentEntry } from './segments/segment-directory.js';
export {
  hourDirectory,
  isPlainName,
  parseSegmentFile,
  parseSegmentPath,
  printSegmentPath,
  streamDirectory,
} from './segments/segment-path.js';
export type { SegmentName } from './segments/segment-path.js';
export { SegmentReader } from './segments/segment-reader.js';
export type { RecordedUnit } from './segments/segment-reader.js';
export { TickLine } from './time/tick-line.js';
export { Volume, type Adoption } from './volumes/volume.js';
export { WallClock } from './time/wall-clock.js';
export { Archive, type ArchivedSegment } from './segments/archive.js';
export type { Extent } from './segments/stream-extents.js';
export { RecordingModule } from './recording.module.js';
export { Recordings, type RecordingsOptions } from './recordings.js';
export { collectVolumes, OwnVolumes, RecordingVolumes } from './volumes/recording-volumes.js';
export type {
  OpenedVolume,
  RecordingTarget,
  RecordingVolume,
} from './volumes/recording-volumes.js';
export { OpenVolumes, type OpenVolumesOptions } from './volumes/open-volumes.js';
export { VolumeMonitor } from './volumes/volume-monitor.js';
export type { VolumeChecks, VolumeMonitorOptions } from './volumes/volume-monitor.js';
export { isReadable, isWritable, problemOf } from './volumes/volume-status.js';
export type { VolumeProblem, VolumeStatus } from './volumes/volume-status.js';
export { writeFailureOf, type VolumeFailure, type WriteFailure } from './volumes/write-failure.js';
export { VolumeKeeper } from './volumes/volume-keeper.js';
export type { VolumeFacts, VolumeKeeperOptions, Writer } from './volumes/volume-keeper.js';
