import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { NightjarError } from '@nightjar/common';

const MAX_INPUT_BYTES = 16 * 1024 * 1024;

/**
 * The first line of standard input; at a terminal it is asked for and not shown.
 * @throws NightjarError 'cancelled' when the terminal's user gives up
 */
export async function readPassword(
  question: string,
  input: NodeJS.ReadStream = process.stdin,
  terminal: NodeJS.WritableStream = process.stderr,
): Promise<string> {
  if (!input.isTTY) return (await readAll(input)).split(/\r?\n/, 1)[0] ?? '';
  terminal.write(question);
  const hidden = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input, output: hidden, terminal: true });
  try {
    return await new Promise<string>((resolve, reject) => {
      lines.once('line', resolve);
      lines.once('close', () =>
        reject(new NightjarError('cancelled', 'cli/cancelled', 'cancelled')),
      );
    });
  } finally {
    lines.close();
    terminal.write('\n');
  }
}

/** @throws NightjarError 'exhausted' above 16 MiB */
export async function readAll(input: AsyncIterable<Buffer | string>): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of input) {
    const piece = Buffer.from(chunk);
    bytes += piece.length;
    if (bytes > MAX_INPUT_BYTES)
      throw new NightjarError('exhausted', 'cli/input', 'the input is longer than 16 MiB');
    chunks.push(piece);
  }
  return Buffer.concat(chunks).toString('utf8');
}
