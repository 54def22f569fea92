import type { Tolerance } from './tolerance.js';

/** What is borne in the payloads of packets and in what the SDP says of them, by names that stay. */
export const TOLERATED_PAYLOADS = {
  'fragment-first-and-last': { seen: 'a fragment that is first and last', makers: 'CostarHD' },
  'empty-fragments': { seen: 'fragments that are empty' },
  'fragment-changes-type': { seen: 'fragments that change their type', makers: 'Tiandy' },
  'fragment-reserved-bit': { seen: 'the reserved bit of a fragment set' },
  'start-codes-in-nal': {
    seen: 'whole pictures as one NAL unit, with start codes before and between',
    makers: 'V380',
  },
  'start-codes-in-aggregate': { seen: 'start codes inside an aggregate' },
  'start-codes-in-fragments': { seen: 'start codes inside fragments' },
  'marker-on-parameter-sets': {
    seen: 'the marker on parameter sets',
    makers: 'Tapo TC70, Reolink Duo 2',
  },
  'marker-on-sei': { seen: 'the marker on SEI', makers: 'LV-IP22' },
  'parameter-sets-of-another-time': {
    seen: 'parameter sets with the timestamp of the picture before, or one of their own',
    makers: 'Reolink RLC-822A',
  },
  'no-marker': { seen: 'no marker at all', makers: 'FLIR' },
  'delimiter-first': { seen: 'a delimiter and SEI before the picture' },
  'keyframe-without-sets': { seen: 'keyframes without parameter sets, which the SDP has' },
  'zeros-behind-sets': { seen: 'bytes of zero behind parameter sets', makers: 'Reolink' },
  'bytes-behind-sps': { seen: 'more bytes in an SPS than it says', makers: 'Reolink' },
  'scaling-lists': { seen: 'scaling lists in parameter sets of H.265', makers: 'Reolink' },
  'start-codes-in-sdp': {
    seen: 'parameter sets of the SDP behind start codes',
    makers: 'Foscam, GW Security',
  },
  'untidy-sets-in-sdp': { seen: 'parameter sets of the SDP with white space, or one too many' },
  'broken-sets-in-sdp': {
    seen: 'parameter sets of the SDP that are none, or not all: those of the stream will do',
    makers: 'VStarcam, Hikvision',
  },
  'repeated-numbers': {
    seen: 'packets of another type under numbers of the stream',
    makers: 'Geovision',
  },
  'aac-bare': { seen: 'AAC without its headers: a bare frame' },
  'aac-in-adts': { seen: 'AAC in ADTS frames, without its headers or behind them' },
  'aac-two-rates': { seen: 'an rtpmap of AAC with another rate than its configuration' },
  'aac-config-tail': { seen: 'bytes behind the configuration of AAC' },
  'aac-mode-alone': { seen: 'an fmtp of AAC that names the mode alone' },
  'g711-rate': { seen: 'G.711 at another rate than 8 kHz' },
  'no-channels': { seen: 'sound of no channels' },
  'g723-sizes': { seen: 'G.723 in sizes that are none: passed on as it is', makers: 'Dahua' },
} as const satisfies Readonly<Record<string, Tolerance>>;

export type PayloadTolerance = keyof typeof TOLERATED_PAYLOADS;
