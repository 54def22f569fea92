import type { CodecConfig } from '@nightjar/rtp';

/** Parameter sets of x264 for 320x240: a front of an MP4 can be made of them. What stands for pictures behind them is filling. */
export const FILLING_VIDEO: CodecConfig = {
  codec: 'h264',
  sps: Buffer.from('6764000dacd94141fa1000000300100000030320f1429960', 'hex'),
  pps: Buffer.from('68ebe3cb22c0', 'hex'),
  widthPx: 320,
  heightPx: 240,
};
