import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** Recorded and hand-made input; its README says where each comes from. */
export const CORPUS = path.resolve(import.meta.dirname, '../corpus');

const FRAME_HEAD_BYTES = 4;
const DOLLAR = 0x24;

export interface Conversation {
  readonly name: string;
  /** What the client sent, message by message, as far as it is cut into such. */
  readonly pieces: readonly Buffer[];
  /** The protocol that it is in; absent: RTSP. */
  readonly carriedBy?: 'rtsp' | 'http';
  /** Whether packets follow by UDP, to the ports that were set up. */
  readonly datagrams?: boolean;
}

/** Packets as nobody should send them: RTP, RTCP, and what stands for media. */
export function datagrams(): Buffer[] {
  return ['rtp.json', 'rtcp.json'].flatMap((file) =>
    Object.values(
      JSON.parse(readFileSync(path.join(CORPUS, file), 'utf8')) as Record<string, string>,
    ).map((hex) => Buffer.from(hex, 'hex')),
  );
}

/** All that clients say to a server: recorded in `conversations`, made by hand in `streams`. */
export function clientConversations(): Conversation[] {
  return [...corpusFiles('conversations'), ...corpusFiles('streams')]
    .filter(({ name }) => name.endsWith('.client'))
    .map(({ name, bytes }) => ({ name, pieces: piecesOf(bytes) }));
}

/** Files of one folder of the corpus, in order of their names. */
export function corpusFiles(folder: string): { readonly name: string; readonly bytes: Buffer }[] {
  const directory = path.join(CORPUS, folder);
  return readdirSync(directory)
    .sort()
    .map((name) => ({ name, bytes: readFileSync(path.join(directory, name)) }));
}

/** Messages with their bodies, and interleaved frames; what is neither stays in one piece. */
export function piecesOf(bytes: Buffer): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = Math.min(pieceEnd(bytes, at), bytes.length);
    pieces.push(bytes.subarray(at, end));
    at = end;
  }
  return pieces;
}

function pieceEnd(bytes: Buffer, at: number): number {
  if (bytes[at] === DOLLAR && at + FRAME_HEAD_BYTES <= bytes.length)
    return at + FRAME_HEAD_BYTES + bytes.readUInt16BE(at + 2);
  const headEnd = bytes.indexOf('\r\n\r\n', at);
  if (headEnd === -1) return bytes.length;
  const head = bytes.toString('latin1', at, headEnd);
  const length = head.startsWith('POST ') ? '0' : /^content-length: *(\d+)/im.exec(head)?.[1];
  return headEnd + '\r\n\r\n'.length + Number(length ?? 0);
}
