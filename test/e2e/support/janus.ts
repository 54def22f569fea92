import { writeFile } from 'node:fs/promises';
import { runProgram } from './program.js';

/**
 * Has Janus make a film of RTP packets of one track, as it does of those that it recorded itself.
 * @param file with the extension of the container
 */
export async function janusFilm(
  packets: readonly Buffer[],
  codec: string,
  file: string,
): Promise<void> {
  const recording = `${file}.mjr`;
  await writeFile(recording, recordingOf(packets, codec));
  const { code, stdout, stderr } = await runProgram('janus-pp-rec', [recording, file]);
  if (code !== 0) throw new Error(`Janus could not make a film: ${stdout}${stderr}`);
}

/** What it writes: a magic and JSON that tells the codec; then each packet behind a mark, its time in ms and its length. */
function recordingOf(packets: readonly Buffer[], codec: string): Buffer {
  const info = Buffer.from(JSON.stringify({ t: 'v', c: codec, s: 0, u: 0 }));
  const parts: Buffer[] = [
    Buffer.from('MJR00002'),
    Buffer.from([info.length >> 8, info.length]),
    info,
  ];
  for (const packet of packets) {
    const head = Buffer.from('MEET\0\0\0\0\0\0');
    head.writeUInt16BE(packet.length, 8);
    parts.push(head, packet);
  }
  return Buffer.concat(parts);
}
