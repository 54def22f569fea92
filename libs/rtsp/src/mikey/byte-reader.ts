import { mikeyError } from './message.js';

/** Reads big-endian fields one after the other. @throws NightjarError `protocol` from every method when bytes are missing */
export class ByteReader {
  private at = 0;

  constructor(private readonly bytes: Buffer) {}

  get left(): number {
    return this.bytes.length - this.at;
  }

  uint8(): number {
    return this.bytes.readUInt8(this.advance(1));
  }

  uint16(): number {
    return this.bytes.readUInt16BE(this.advance(2));
  }

  uint32(): number {
    return this.bytes.readUInt32BE(this.advance(4));
  }

  /** A view. */
  take(count: number): Buffer {
    const from = this.advance(count);
    return this.bytes.subarray(from, from + count);
  }

  private advance(count: number): number {
    const from = this.at;
    if (count > this.left)
      throw mikeyError('short', 'the MIKEY message is too short', { at: from });
    this.at += count;
    return from;
  }
}
