import { checkPassword } from './check-password.js';
import { hasPassword, readPassword, readUrl, type ConversionContext } from './conversion.js';
import type { QueueConfig } from './model.js';
import type { Report } from './report.js';
import type { ConfigFile } from './schema.js';
import { readAuthorities } from './to-tls.js';

type QueueEntry = ConfigFile['queue'];

/** What no single key of `queue` can show. */
export function checkQueue(queue: QueueEntry, report: Report): void {
  const { backend, url, urlFile, urlEnv, caFile } = queue;
  if (backend === 'redis') {
    if ((url ?? urlFile ?? urlEnv) === undefined)
      report(['queue'], 'backend redis needs url, urlFile or urlEnv');
    if (hasPassword(queue)) checkPassword(queue, ['queue'], report);
    return;
  }
  const ofRedis = { passwordFile: queue.passwordFile, passwordEnv: queue.passwordEnv, caFile };
  for (const [key, given] of Object.entries(ofRedis))
    if (given !== undefined)
      report(['queue', key], 'is for backend redis; PostgreSQL has it in its URL', 'key');
}

/** The queue with its password in its URL. What cannot be read is reported and left out. */
export async function toQueue(queue: QueueEntry, context: ConversionContext): Promise<QueueConfig> {
  const { backend } = queue;
  const at = ['queue'];
  const url = await readUrl(queue, 'queue', context);
  const ca = await readAuthorities(queue.caFile, at, context);
  if (ca !== undefined && url !== undefined && !/^rediss:/i.test(url))
    context.report([...at, 'caFile'], 'has a meaning with a rediss:// URL only', 'key');
  if (backend === 'postgres' || url === undefined || !hasPassword(queue))
    return { backend, url, ca };
  return { backend, url: withPassword(url, await readPassword(queue, at, context)), ca };
}

function withPassword(url: string, password: string): string {
  if (!URL.canParse(url)) return url;
  const full = new URL(url);
  full.password = encodeURIComponent(password);
  return full.href;
}
