export type { AuditEntry } from './audit-entry.js';
export type { AuditRange, AuditTrailRepository } from './audit-trail.repository.js';
export { AuditRepository, MISSING_FILE_RULE } from './audit.repository.js';
export type { SavedCatalog, SavedRows, SavedTable } from './backup/catalog-content.js';
export { requireNoUsers, restoreCatalog } from './backup/restore-catalog.js';
export type { RestoredCatalog } from './backup/restore-catalog.js';
export { saveCatalog } from './backup/save-catalog.js';
export { schemaLevel } from './schema-state.js';
export { Catalog } from './catalog.js';
export { catalogOfRole } from './role-catalog.js';
export type { CatalogListener } from './catalog.js';
export type { CoarseFootage, CoarseGap, CoarseUnwanted } from './ledger/coarsen.js';
export { percentageOf } from './ledger/completeness.js';
export type { Completeness } from './ledger/completeness.js';
export type { DayCompleteness, DaysRequest } from './ledger/completeness.repository.js';
export { MISSING_REASONS, missingReasonOf } from './ledger/reasons.js';
export type { MissingReason, UnwantedReason } from './ledger/reasons.js';
export { CatalogFeed } from './catalog-feed.js';
export type { FeedResult } from './catalog-feed.js';
export { IntegrityRepository } from './integrity.repository.js';
export type {
  Damage,
  DamageKind,
  IntegrityPass,
  SegmentToCheck,
  StoredCheckpoint,
  StreamDay,
} from './integrity.repository.js';
export { requireCatalog, runMigrations } from './data-source.js';
export type { DeletionRow, SegmentRow, VolumeRow } from './entities.js';
export { compareCursors, isStorable } from './journal-record.js';
export type { JournalCursor, JournalRecord, SegmentFacts } from './journal-record.js';
export { DeletionLogRepository } from './retention/deletion-log.repository.js';
export type { KeptSegment, LoggedDeletion } from './retention/deletion-log.repository.js';
export type {
  PlaceLine,
  RetentionRule,
  StreamLine,
  WalkedLine,
} from './retention/footage-query.js';
export { FootageReader } from './retention/footage-reader.js';
export type { DoomedOf, FootageOf, StreamKey, WalkResult } from './retention/footage-reader.js';
export { HoldRepository } from './retention/hold.repository.js';
export type { Hold, NewHold } from './retention/hold.repository.js';
export { HousekeepingRepository } from './retention/housekeeping.repository.js';
export { RetentionRepository } from './retention/retention.repository.js';
export type {
  Condemnation,
  CondemnedSegment,
  CondemnOrder,
  SegmentKey,
} from './retention/retention.repository.js';
export { SweepLogRepository } from './retention/sweep-log.repository.js';
export type {
  BlockReason,
  NewBlock,
  RetentionBlock,
  SweepOutcome,
  SweepRecord,
} from './retention/sweep-log.repository.js';
export { TimelineRepository } from './timeline.repository.js';
export type {
  CatalogStream,
  Timeline,
  TimelineFootage,
  TimelineRequest,
} from './timeline.repository.js';
export { checkVolume } from './volume-check.js';
export type {
  CheckResult,
  FileContent,
  Finding,
  FindingKind,
  ScannedFile,
  VolumeCheck,
  VolumeScan,
} from './volume-check.js';
export { VolumeRepository } from './volume.repository.js';
export { MAX_EVENT_MS, OWN_SOURCE } from './events/camera-event.js';
export type { CameraEvent, EventDetails, EventSource } from './events/camera-event.js';
export { EventConnection } from './events/event-connection.js';
export type { ConnectionEvents } from './events/event-connection.js';
export { EventRepository } from './events/event.repository.js';
export type { EventEnd, EventRange } from './events/event.repository.js';
export { OverrideRepository } from './events/override.repository.js';
export type { RecordingOverride } from './events/recording-override.js';
export { ExportRepository } from './export.repository.js';
export type {
  ExportedStream,
  ExportFile,
  ExportOrder,
  ExportRow,
  ExportState,
} from './export.repository.js';
export { DeviceRepository } from './devices/device.repository.js';
export type {
  Device,
  DeviceChange,
  DeviceDecision,
  DeviceProfile,
  DeviceReading,
  DeviceSighting,
} from './devices/device.js';
