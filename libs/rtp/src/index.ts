export * from './format.js';
export * from './sent-config.js';
export { sentFormatOf } from './sent-format.js';
export * from './rtp-packet.js';
export type { Tolerance } from './tolerance.js';
export { TOLERATED_PAYLOADS } from './tolerated.js';
export * from './serial.js';
export * from './rtcp/report.js';
export * from './rtcp/decode.js';
export * from './rtcp/encode.js';
export * from './srtp/index.js';
export * from './receiver-stats.js';
export * from './reorder.js';
export * from './keyframe.js';
export * from './reference.js';
export * from './replay-extension.js';
export * from './depacketize/depacketizer.js';
export { createDepacketizer } from './depacketize/create.js';
export type { UnitMemory } from './depacketize/unit-memory.js';
export * from './packetize/packetizer.js';
export { createPacketizer } from './packetize/create.js';
export * from './sdp-format.js';
export * from './parameter-sets/h264-sps.js';
export * from './parameter-sets/h265-sps.js';
export * from './parameter-sets/audio-specific-config.js';
export { splitAnnexB } from './annex-b.js';
export { aacConfig, h264Config, h265Config } from './parameter-sets/codec-config.js';
export {
  h264FieldPairs,
  h264Order,
  h265Order,
  type PictureOrder,
} from './parameter-sets/picture-order.js';
export { adtsConfig, adtsFrameBytes, adtsHeaderBytes, isAdts } from './depacketize/adts.js';
export { BitReader } from './parameter-sets/bit-reader.js';
export { repeatable, type VideoConfig } from './still/still-picture.js';
