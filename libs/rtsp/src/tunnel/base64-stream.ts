import { messageDefect } from '../messages/defect.js';

const PAD = 0x3d;
const IS_PAD = 64;
const IGNORED = 65;
const INVALID = 255;
/** Value of each byte: 0 to 63, or one of those above. */
const VALUES = valuesOf('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/');

/**
 * Decodes the body of a tunnel's POST: base64 (RFC 4648 s.4) that arrives in any pieces. Each message may be padded by
 * itself, after which the next group begins; line breaks and spaces are passed over.
 */
export class Base64Stream {
  /** Bits of the group that has begun. */
  private bits = 0;
  /** Characters of the group so far, 0 to 3, padding included. */
  private characters = 0;
  private padding = 0;

  /**
   * The bytes that `chunk` completes, in a buffer of their own, possibly an empty one.
   * @throws NightjarError `protocol` with status 400 for what is not base64; the stream is lost then
   */
  push(chunk: Buffer): Buffer {
    const out = Buffer.allocUnsafe(Math.ceil(((chunk.length + this.characters) * 3) / 4));
    let length = 0;
    for (let at = 0; at < chunk.length; at += 1) {
      const value = VALUES[chunk[at]!]!;
      if (value === IGNORED) continue;
      if (value === INVALID) throw notBase64('a character that is none of its alphabet');
      if (value === IS_PAD) {
        if (this.characters < 2) throw notBase64('padding where there is nothing to pad');
        this.padding += 1;
        this.bits <<= 6;
      } else {
        if (this.padding > 0) throw notBase64('a group that goes on after its padding');
        this.bits = (this.bits << 6) | value;
      }
      this.characters += 1;
      if (this.characters < 4) continue;
      for (let byte = 0; byte < 3 - this.padding; byte += 1)
        out[length++] = (this.bits >> (16 - 8 * byte)) & 0xff;
      this.restart();
    }
    return out.subarray(0, length);
  }

  /** Forgets a group that was begun: another body begins. */
  restart(): void {
    this.bits = 0;
    this.characters = 0;
    this.padding = 0;
  }
}

function valuesOf(alphabet: string): Uint8Array {
  const values = new Uint8Array(256).fill(INVALID);
  for (let value = 0; value < alphabet.length; value += 1)
    values[alphabet.charCodeAt(value)] = value;
  values[PAD] = IS_PAD;
  for (const blank of '\r\n\t ') values[blank.charCodeAt(0)] = IGNORED;
  return values;
}

function notBase64(what: string): Error {
  return messageDefect('protocol', 'rtsp/tunnel-base64', `the tunnel has ${what}`, 400);
}
