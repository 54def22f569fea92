import type { CameraEvent, JournalRecord, RecordingOverride } from '@nightjar/catalog';
import type { AccountEnd, VolumeProblem, VolumeStatus } from '@nightjar/recording';
import type { Peer } from '@nightjar/relay';
import type { SignalState } from '../demand/signal-board.js';

/** What front and shards say to each other over IPC, beside the questions of monitoring. */

/** Environment of a shard: its number from 0, and how many there are. */
export const SHARD_VARIABLE = 'NIGHTJAR_SHARD';
export const SHARD_COUNT_VARIABLE = 'NIGHTJAR_SHARDS';

/** An open connection goes to the other side, which answers with `connection-taken`. The socket comes with the message. */
export interface ConnectionMessage {
  readonly type: 'connection';
  /** Of the sender's choosing. */
  readonly id: number;
  /** What was read of it and not answered, base64. */
  readonly head: string;
  readonly peer: Peer;
}

export interface ConnectionTaken {
  readonly type: 'connection-taken';
  readonly id: number;
}

/** Front to shard: from now on these cameras are yours. */
export interface CamerasMessage {
  readonly type: 'cameras';
  readonly names: readonly string[];
}

/** Front to shard: how the volumes are now. Comes when one fails, is healthy again or has notably more or less space. */
export interface VolumesMessage {
  readonly type: 'volumes';
  readonly statuses: readonly VolumeStatus[];
}

/** Shard to front: connections may come. */
export interface ServingMessage {
  readonly type: 'serving';
}

/** Shard to front: bytes per second in and out since the last report, by camera. */
export interface LoadMessage {
  readonly type: 'load';
  readonly bytesPerSecond: Readonly<Record<string, number>>;
}

/** Front to shard: what demand follows from has changed; see DemandSignals. */
export type SignalMessage =
  | { readonly type: 'overrides'; readonly overrides: readonly RecordingOverride[] }
  | { readonly type: 'event'; readonly event: CameraEvent }
  | { readonly type: 'heard'; readonly heard: boolean };

export type FrontToShard =
  ConnectionMessage | ConnectionTaken | CamerasMessage | SignalMessage | VolumesMessage;
export type ShardToFront = ConnectionMessage | ConnectionTaken | ServingMessage | LoadMessage;

/** What a shard asks of the front. */
export interface FrontCalls {
  cameras(argument: null): Promise<readonly string[]>;
  /** All that a {@link SignalMessage} would have told before. */
  signals(argument: null): Promise<SignalState>;
  openVolume(argument: { readonly name: string }): Promise<{
    readonly id: string;
    readonly root: string;
  }>;
  volumes(argument: null): Promise<readonly VolumeStatus[]>;
  /** Answers when what is said of the volume from then on knows of it. */
  volumeFailed(argument: { readonly name: string; readonly problem: VolumeProblem }): Promise<void>;
  append(argument: { readonly volume: string; readonly record: JournalRecord }): Promise<void>;
  accounts(argument: { readonly volume: string }): Promise<readonly AccountEnd[]>;
}

const TO_SHARD: readonly unknown[] = [
  'connection',
  'connection-taken',
  'cameras',
  'overrides',
  'event',
  'heard',
  'volumes',
] satisfies FrontToShard['type'][];
const TO_FRONT: readonly unknown[] = [
  'connection',
  'connection-taken',
  'serving',
  'load',
] satisfies ShardToFront['type'][];

/** Whether a message is one of the front's; others share the channel. */
export function isFromFront(message: unknown): message is FrontToShard {
  return TO_SHARD.includes(typeOf(message));
}

/** Whether a message is one of a shard's; others share the channel. */
export function isFromShard(message: unknown): message is ShardToFront {
  return TO_FRONT.includes(typeOf(message));
}

function typeOf(message: unknown): unknown {
  return typeof message === 'object' && message !== null && 'type' in message
    ? message.type
    : undefined;
}
