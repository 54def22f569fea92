import {
  adtsConfig,
  adtsFrameBytes,
  adtsHeaderBytes,
  isAdts,
  type SentConfig,
} from '@nightjar/rtp';

/** What the header of a frame says. */
export interface AudioFrame {
  /** The whole frame, header included. */
  readonly bytes: number;
  /** Header that is not sent. */
  readonly skip: number;
  readonly samples: number;
  readonly sampleRateHz: number;
  readonly config: SentConfig;
}

/** How frames of one kind of sound begin. */
export interface FrameHeader {
  /** Bytes that {@link read} looks at. */
  readonly bytes: number;
  /** Whether a frame can be found again behind bytes that are none. */
  readonly synchronised: boolean;
  /** Undefined when no frame begins here. */
  read(header: Buffer): AudioFrame | undefined;
}

/** Bits of a raw AAC frame are 1024 samples (ISO/IEC 14496-3 s.1.A.2). */
const AAC_SAMPLES = 1024;

/** AAC in ADTS. */
export const ADTS: FrameHeader = {
  bytes: 7,
  synchronised: true,
  read(header) {
    if (!isAdts(header, 0, header.length)) return undefined;
    const bytes = adtsFrameBytes(header, 0);
    const skip = adtsHeaderBytes(header, 0);
    const config = adtsConfig(header, 0, 2);
    // Several raw blocks in one frame have their sizes where nobody looks: no encoder in use writes them.
    const blocks = header[6]! & 3;
    if (config?.codec !== 'aac' || bytes <= skip || blocks !== 0) return undefined;
    return { bytes, skip, samples: AAC_SAMPLES, sampleRateHz: config.sampleRateHz, config };
  },
};

/** Kilobits per second by layer (I, II, III of MPEG-1; I, then II and III of MPEG-2), ISO/IEC 11172-3 s.2.4.2.3, 13818-3 s.2.4.2.3. */
const MPEG1_KBPS = [
  [0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
  [0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
  [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
];
const MPEG2_KBPS = [
  [0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
  [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
  [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
];
const MPEG_RATES_HZ = [44_100, 48_000, 32_000];
const MPEG1 = 3;
const MPEG2_5 = 0;

/** MPEG audio of all layers. */
export const MPEG_AUDIO: FrameHeader = {
  bytes: 4,
  synchronised: true,
  read(header) {
    if (header.length < 4 || header[0] !== 0xff || (header[1]! & 0xe0) !== 0xe0) return undefined;
    const version = (header[1]! >> 3) & 3;
    const layer = 4 - ((header[1]! >> 1) & 3);
    const baseRate = MPEG_RATES_HZ[(header[2]! >> 2) & 3];
    if (version === 1 || layer === 4 || baseRate === undefined) return undefined;
    const kbps = (version === MPEG1 ? MPEG1_KBPS : MPEG2_KBPS)[layer - 1]?.[header[2]! >> 4] ?? 0;
    if (kbps === 0) return undefined;
    const sampleRateHz = baseRate / (version === MPEG1 ? 1 : version === MPEG2_5 ? 4 : 2);
    const padding = (header[2]! >> 1) & 1;
    const samples = layer === 1 ? 384 : layer === 3 && version !== MPEG1 ? 576 : 1152;
    const slots = Math.floor((samples * kbps * 1000) / 8 / sampleRateHz / (layer === 1 ? 4 : 1));
    const bytes = (slots + padding) * (layer === 1 ? 4 : 1);
    return { bytes, skip: 0, samples, sampleRateHz, config: { codec: 'mpeg-audio' } };
  },
};

/** ATSC A/52 table 5.18. */
const AC3_KBPS = [
  32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640,
];
const AC3_RATES_HZ = [48_000, 44_100, 32_000];
const AC3_SAMPLES = 1536;
/** Full-range channels by `acmod`, ATSC A/52 table 5.8. */
const AC3_CHANNELS = [2, 1, 2, 3, 3, 4, 4, 5];
/** Later versions of the syntax are E-AC-3. */
const AC3_LAST_BSID = 8;

/** AC-3, ATSC A/52 s.5.3. */
export const AC3: FrameHeader = {
  bytes: 8,
  synchronised: true,
  read(header) {
    if (header.length < 8 || header[0] !== 0x0b || header[1] !== 0x77) return undefined;
    const rate = header[4]! >> 6;
    const sampleRateHz = AC3_RATES_HZ[rate];
    const code = header[4]! & 0x3f;
    const kbps = AC3_KBPS[code >> 1];
    if (sampleRateHz === undefined || kbps === undefined || header[5]! >> 3 > AC3_LAST_BSID)
      return undefined;
    const words = Math.floor((kbps * 1000 * AC3_SAMPLES) / 16 / sampleRateHz);
    // At 44.1 kHz every other frame is a word longer.
    const bytes = 2 * (words + (rate === 1 ? code & 1 : 0));
    const channels = ac3Channels(header.readUInt16BE(6));
    const config = { codec: 'ac3', sampleRateHz, channels } as const;
    return { bytes, skip: 0, samples: AC3_SAMPLES, sampleRateHz, config };
  },
};

/** Channels with the low-frequency one, whose flag comes behind the mixing levels that there are. */
function ac3Channels(bits: number): number {
  const mode = bits >> 13;
  let flagAt = 12;
  if ((mode & 1) === 1 && mode !== 1) flagAt -= 2;
  if ((mode & 4) !== 0) flagAt -= 2;
  if (mode === 2) flagAt -= 2;
  return AC3_CHANNELS[mode]! + ((bits >> flagAt) & 1);
}

/** Bytes of speech by frame type, RFC 4867 s.5.3 and 3GPP TS 26.101, 26.201; types between those are reserved. */
const AMR_BYTES = [12, 13, 15, 17, 19, 20, 26, 31, 5];
const AMR_WB_BYTES = [17, 23, 32, 36, 40, 46, 50, 58, 60, 5];
const SPEECH_LOST = 14;
const NO_DATA = 15;

function amr(
  codec: 'amr-nb' | 'amr-wb',
  sizes: readonly number[],
  firstEmpty: number,
  sampleRateHz: number,
): FrameHeader {
  return {
    bytes: 1,
    synchronised: false,
    read(header) {
      const first = header[0];
      const type = ((first ?? 0) >> 3) & 0x0f;
      const speech = type >= firstEmpty ? 0 : sizes[type];
      // Bits around type and quality are zero (RFC 4867 s.5.3).
      if (first === undefined || speech === undefined || (first & 0x83) !== 0) return undefined;
      return {
        bytes: 1 + speech,
        skip: 0,
        samples: sampleRateHz / 50,
        sampleRateHz,
        config: { codec },
      };
    },
  };
}

/** AMR and AMR-WB as they are stored, RFC 4867 s.5. */
export const AMR_NB = amr('amr-nb', AMR_BYTES, NO_DATA, 8000);
export const AMR_WB = amr('amr-wb', AMR_WB_BYTES, SPEECH_LOST, 16_000);
