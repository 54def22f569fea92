import { createPacketizer, formatOf } from '@nightjar/rtp';
import type { CodecConfig, TrackFormat } from '@nightjar/rtp';
import type { ClipTrack, ClipUnit } from './clip.js';
import { findFrameStamp } from './frame-stamp.js';

/**
 * The RTP packets of one access unit. Sequence, timestamp and SSRC (and the frame stamp) are written in place right before a
 * packet is handed on, so the receiver must copy.
 */
export interface UnitPackets {
  readonly keyframe: boolean;
  readonly packets: readonly Buffer[];
  /** Where the frame stamp is, if the unit has one. */
  readonly stamp: { readonly packet: Buffer; readonly offset: number } | undefined;
}

export interface LoopTrack {
  readonly config: CodecConfig;
  readonly format: TrackFormat;
  readonly ticksPerUnit: number;
  readonly units: readonly UnitPackets[];
}

/**
 * What a camera sends over and over, packetized once and shared by all cameras and sessions that send the same.
 * Track 0 is video and its first unit a keyframe.
 */
export interface MediaLoop {
  readonly tracks: readonly LoopTrack[];
}

const FIRST_PAYLOAD_TYPE = 96;

/** Packetizes the tracks of a clip; payload types from 96 on in their order. */
export function buildLoop(tracks: readonly ClipTrack[]): MediaLoop {
  return { tracks: tracks.map((track, index) => loopTrack(track, FIRST_PAYLOAD_TYPE + index)) };
}

function loopTrack(track: ClipTrack, payloadType: number): LoopTrack {
  const packetizer = createPacketizer(track.config, { payloadType, ssrc: 0, firstSequence: 0 });
  const packetsOf = (unit: ClipUnit): UnitPackets => {
    const packets = packetizer.packetize(unit, 0);
    const stamped = packets.find((packet) => findFrameStamp(packet) >= 0);
    const stamp = stamped && { packet: stamped, offset: findFrameStamp(stamped) };
    return { keyframe: unit.keyframe, packets, stamp };
  };
  return {
    config: track.config,
    format: formatOf(track.config, payloadType),
    ticksPerUnit: track.ticksPerUnit,
    units: track.units.map(packetsOf),
  };
}
