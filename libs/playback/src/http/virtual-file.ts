import { open } from 'node:fs/promises';
import { NightjarError } from '@nightjar/common';

/** What is read from a file at once. */
const BLOCK_BYTES = 256 * 1024;

/** A stretch of a virtual file: bytes in memory, or a range of a file that is opened when its turn comes. */
export type Piece =
  | { readonly bytes: Uint8Array }
  | { readonly path: string; readonly offset: number; readonly length: number };

/** A file that is not there: pieces of other files and of memory, one after another. Holds no file open by itself. */
export class VirtualFile {
  /** Where each piece begins. */
  private readonly starts: Float64Array;
  readonly size: number;

  constructor(private readonly pieces: readonly Piece[]) {
    this.starts = new Float64Array(pieces.length);
    let size = 0;
    for (const [index, piece] of pieces.entries()) {
      this.starts[index] = size;
      size += lengthOf(piece);
    }
    this.size = size;
  }

  /**
   * The bytes `[start, end)` in order, in buffers that the reader owns or, of memory pieces, must not change. At most one
   * file is open at a time, and none is read ahead of the reader.
   * @throws NightjarError 'data-loss' when a file became shorter, or the error of the file system when it is gone
   */
  async *read(start = 0, end = this.size): AsyncGenerator<Uint8Array> {
    for (let index = this.pieceAt(start), at = start; at < end; index += 1) {
      const piece = this.pieces[index];
      if (piece === undefined) return;
      const from = at - (this.starts[index] ?? 0);
      const to = Math.min(lengthOf(piece), end - (this.starts[index] ?? 0));
      if (to > from) {
        if ('bytes' in piece) yield piece.bytes.subarray(from, to);
        else yield* readFile(piece.path, piece.offset + from, to - from);
        at += to - from;
      }
    }
  }

  /** `[start, end)` of it as a file of its own; what lies beyond its end is not there. */
  slice(start: number, end: number): VirtualFile {
    const pieces: Piece[] = [];
    for (const [index, piece] of this.pieces.entries()) {
      const base = this.starts[index] ?? 0;
      const from = Math.max(0, start - base);
      const to = Math.min(lengthOf(piece), end - base);
      if (to <= from) continue;
      if ('bytes' in piece) pieces.push({ bytes: piece.bytes.subarray(from, to) });
      else pieces.push({ ...piece, offset: piece.offset + from, length: to - from });
    }
    return new VirtualFile(pieces);
  }

  private pieceAt(position: number): number {
    let low = 0;
    let high = this.starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((this.starts[middle] ?? 0) <= position) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

function lengthOf(piece: Piece): number {
  return 'bytes' in piece ? piece.bytes.length : piece.length;
}

async function* readFile(path: string, offset: number, length: number): AsyncGenerator<Uint8Array> {
  const handle = await open(path, 'r');
  try {
    for (let done = 0; done < length;) {
      const block = Buffer.allocUnsafe(Math.min(BLOCK_BYTES, length - done));
      const { bytesRead } = await handle.read(block, 0, block.length, offset + done);
      if (bytesRead === 0) {
        throw new NightjarError('data-loss', 'footage/short-file', 'a segment became shorter', {
          byteOffset: offset + done,
        });
      }
      yield block.subarray(0, bytesRead);
      done += bytesRead;
    }
  } finally {
    await handle.close();
  }
}
