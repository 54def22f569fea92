import { randomBytes } from 'node:crypto';

/** Frames from one IDR picture to the next. */
const GOP = 25;
const WIDTH_MBS = 2;
const I_PCM = 25;
const I_SLICE = 7;
const PCM_BYTES = 256 + 2 * 64;

/** Writes bits, most significant first (ITU-T H.264 s.7.2, 9.1). */
class Bits {
  private text = '';

  u(value: number, count: number): this {
    this.text += value.toString(2).padStart(count, '0');
    return this;
  }

  ue(value: number): this {
    const code = (value + 1).toString(2);
    this.text += '0'.repeat(code.length - 1) + code;
    return this;
  }

  align(): this {
    this.text = this.text.padEnd(Math.ceil(this.text.length / 8) * 8, '0');
    return this;
  }

  bytes(bytes: Uint8Array): this {
    for (const byte of bytes) this.u(byte, 8);
    return this;
  }

  /** The NAL unit behind its start code, with trailing and emulation prevention bits. */
  nal(header: number): Buffer {
    const bits = this.u(1, 1).align().text;
    const rbsp = (bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2));
    const bytes = [0, 0, 0, 1, header];
    let zeros = 0;
    for (const byte of rbsp) {
      if (zeros >= 2 && byte <= 3) {
        bytes.push(3);
        zeros = 0;
      }
      bytes.push(byte);
      zeros = byte === 0 ? zeros + 1 : 0;
    }
    return Buffer.from(bytes);
  }
}

/**
 * H.264 of 32x32 at 25 Hz whose frames are coded as two fields each (PAFF), which no encoder at hand makes: every macroblock is
 * I_PCM, with samples by chance (ITU-T H.264 s.7.3).
 * @param bottomFirst whether the bottom field comes first
 */
export function fieldPictures(frames: number, bottomFirst = false): Buffer {
  const parts = [];
  for (let frame = 0; frame < frames; frame += 1) {
    if (frame % GOP === 0) parts.push(sps(), pps());
    const [first, second] = bottomFirst ? [1, 0] : [0, 1];
    parts.push(field(frame, first, 0), field(frame, second, 1));
  }
  return Buffer.concat(parts);
}

function sps(): Buffer {
  const bits = new Bits().u(77, 8).u(0, 8).u(30, 8).ue(0);
  bits.ue(0).ue(0).ue(4).ue(1).u(0, 1); // 4 bits of frame_num, 8 of pic_order_cnt_lsb, one reference
  bits.ue(WIDTH_MBS - 1).ue(0); // one row of macroblocks in each field
  bits.u(0, 1).u(0, 1).u(1, 1).u(0, 1); // fields, no MBAFF, no cropping
  bits.u(1, 1).u(0, 4).u(1, 1).u(1, 32).u(50, 32).u(1, 1).u(0, 4); // VUI: 50 fields a second
  return bits.nal(0x67);
}

function pps(): Buffer {
  const bits = new Bits().ue(0).ue(0).u(0, 2).ue(0).ue(0).ue(0).u(0, 3);
  return bits.ue(0).ue(0).ue(0).u(1, 1).u(0, 2).nal(0x68); // deblocking is told in slices
}

/** @param nth 0: the first field of the frame, 1: the second */
function field(frame: number, bottom: number, nth: number): Buffer {
  const inGop = frame % GOP;
  const idr = inGop === 0 && nth === 0;
  const bits = new Bits()
    .ue(0)
    .ue(I_SLICE)
    .ue(0)
    .u(inGop % 16, 4)
    .u(1, 1)
    .u(bottom, 1);
  if (idr) bits.ue((frame / GOP) % 2);
  bits.u((2 * inGop + nth) % 256, 8);
  bits.u(0, idr ? 2 : 1); // no memory management
  bits.ue(0).ue(1); // slice_qp_delta, no deblocking
  for (let mb = 0; mb < WIDTH_MBS; mb += 1)
    bits
      .ue(I_PCM)
      .align()
      .bytes(randomBytes(PCM_BYTES).map((value) => 16 + (value % 220)));
  return bits.nal(idr ? 0x65 : 0x61);
}
