import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { journalFileName, journalFiles } from './journal.js';
import type { JournalCursor } from '@nightjar/catalog';
import { parseJournalLine } from './journal-records.js';
import type { JournalLine } from './journal-records.js';

/** Bytes read at once unless told otherwise; longer than any line. */
export const JOURNAL_CHUNK_BYTES = 256 * 1024;

export interface JournalChunk {
  readonly lines: readonly JournalLine[];
  /** Where to go on; equal to the cursor given when there is nothing new. */
  readonly cursor: JournalCursor;
  /** Lines that could not be understood and were passed over. */
  readonly damaged: number;
}

/**
 * The next whole lines after a cursor (undefined: from the oldest file on). Works beside the process that writes; a torn
 * last line is left for later, or passed over once a newer file exists. Empty `lines` with a moved cursor: call again.
 */
export async function readJournal(
  directory: string,
  cursor: JournalCursor | undefined,
  chunkBytes = JOURNAL_CHUNK_BYTES,
): Promise<JournalChunk> {
  const files = await journalFiles(directory);
  const wanted = cursor?.file ?? -1;
  const file = files.find((number) => number >= wanted);
  if (file === undefined)
    return { lines: [], cursor: cursor ?? { file: 0, offset: 0 }, damaged: 0 };
  const offset = cursor !== undefined && file === cursor.file ? cursor.offset : 0;
  const newer = files.find((number) => number > file);

  const handle = await open(join(directory, journalFileName(file)), 'r');
  let bytes: Buffer;
  let atEnd: boolean;
  try {
    const buffer = Buffer.alloc(chunkBytes);
    const { bytesRead } = await handle.read(buffer, 0, chunkBytes, offset);
    bytes = buffer.subarray(0, bytesRead);
    atEnd = bytesRead < chunkBytes;
  } finally {
    await handle.close();
  }
  const end = bytes.lastIndexOf(0x0a) + 1;
  if (end === 0) {
    if (!atEnd) return { lines: [], cursor: { file, offset: offset + bytes.length }, damaged: 1 };
    return {
      lines: [],
      cursor: newer === undefined ? { file, offset } : { file: newer, offset: 0 },
      damaged: 0,
    };
  }
  const texts = bytes.toString('utf8', 0, end - 1).split('\n');
  const lines = texts.flatMap((text) => parseJournalLine(text) ?? []);
  return { lines, cursor: { file, offset: offset + end }, damaged: texts.length - lines.length };
}
