/** How linear samples are brought to what RTP carries: 16 or 24 bits, signed, big-endian (RFC 3551 s.4.5, RFC 3190 s.4). */
export interface SampleLayout {
  readonly bytes: number;
  readonly bits: 16 | 24;
  /** Reads one sample and writes it. */
  readonly convert: (from: DataView, at: number, to: Buffer, place: number) => void;
}

const whole =
  (bytes: 2 | 3 | 4, littleEndian: boolean) =>
  (from: DataView, at: number, to: Buffer, place: number): void => {
    // Of 32 bits the lowest eight are left out.
    const kept = Math.min(bytes, 3);
    for (let i = 0; i < kept; i += 1)
      to[place + i] = from.getUint8(at + (littleEndian ? bytes - 1 - i : i));
  };

const MAX_24 = 2 ** 23 - 1;

const floating =
  (bytes: 4 | 8, littleEndian: boolean) =>
  (from: DataView, at: number, to: Buffer, place: number): void => {
    const value =
      bytes === 4 ? from.getFloat32(at, littleEndian) : from.getFloat64(at, littleEndian);
    const clamped = Number.isNaN(value) ? 0 : Math.min(Math.max(value, -1), 1);
    to.writeIntBE(Math.round(clamped * MAX_24), place, 3);
  };

const byte =
  (offset: number) =>
  (from: DataView, at: number, to: Buffer, place: number): void => {
    to.writeInt16BE(((from.getUint8(at) - offset) << 24) >> 16, place);
  };

/** By the names of mediabunny. */
export const SAMPLE_LAYOUTS = {
  'pcm-u8': { bytes: 1, bits: 16, convert: byte(128) },
  'pcm-s8': { bytes: 1, bits: 16, convert: byte(0) },
  'pcm-s16': { bytes: 2, bits: 16, convert: whole(2, true) },
  'pcm-s16be': { bytes: 2, bits: 16, convert: whole(2, false) },
  'pcm-s24': { bytes: 3, bits: 24, convert: whole(3, true) },
  'pcm-s24be': { bytes: 3, bits: 24, convert: whole(3, false) },
  'pcm-s32': { bytes: 4, bits: 24, convert: whole(4, true) },
  'pcm-s32be': { bytes: 4, bits: 24, convert: whole(4, false) },
  'pcm-f32': { bytes: 4, bits: 24, convert: floating(4, true) },
  'pcm-f32be': { bytes: 4, bits: 24, convert: floating(4, false) },
  'pcm-f64': { bytes: 8, bits: 24, convert: floating(8, true) },
  'pcm-f64be': { bytes: 8, bits: 24, convert: floating(8, false) },
} as const satisfies Readonly<Record<string, SampleLayout>>;

/** Samples as RTP carries them; what is left of half a sample is dropped. */
export function convertSamples(data: Uint8Array, layout: SampleLayout): Buffer {
  const samples = Math.floor(data.length / layout.bytes);
  const width = layout.bits / 8;
  const from = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const converted = Buffer.allocUnsafe(samples * width);
  for (let i = 0; i < samples; i += 1) layout.convert(from, i * layout.bytes, converted, i * width);
  return converted;
}
