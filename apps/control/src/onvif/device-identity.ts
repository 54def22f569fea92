import { randomUUID } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** What names this installation to ONVIF clients for ever; made at the first start. ONVIF Core s.7.3.1. */
export async function keptIdentity(dataDir: string): Promise<string> {
  const file = path.join(dataDir, 'onvif-uuid');
  const known = await readFile(file, 'utf8').catch(() => '');
  if (UUID.test(known.trim())) return known.trim();
  const made = randomUUID();
  await mkdir(dataDir, { recursive: true });
  // Of two processes that start together the first one names it.
  await writeFile(file, `${made}\n`, { flag: known === '' ? 'wx' : 'w' }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    },
  );
  const kept = (await readFile(file, 'utf8')).trim();
  return UUID.test(kept) ? kept : made;
}
