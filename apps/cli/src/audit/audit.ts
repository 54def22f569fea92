import { AUDIT_KINDS } from '@nightjar/access';
import type { AuditRange } from '@nightjar/catalog';
import { NightjarError } from '@nightjar/common';
import { nearest } from '@nightjar/config';
import type { Output } from '../command.js';
import { readConfig, withCatalog } from '../open-archive.js';
import { show, type Asked } from '../show.js';
import { printable } from '../printable.js';
import { printTable } from '../table.js';

/** @throws NightjarError `invalid` for a kind that there is not */
export async function listAudit(asked: Asked, range: AuditRange, output: Output): Promise<void> {
  for (const kind of range.kinds ?? []) requireKind(kind);
  const config = await readConfig(asked.configFile);
  const entries = await withCatalog(config, (catalog) => catalog.trail.page(range));
  const views = entries.map(({ atMs, ...rest }) => ({ at: new Date(atMs).toISOString(), ...rest }));
  show(asked, output, views, () =>
    views.length === 0
      ? ['nothing']
      : printTable([
          ['at', 'kind', 'who', 'from', 'by', 'camera', 'what'],
          ...views.map(({ at, kind, principal, address, protocol, camera, data }) =>
            [at, kind, principal, address, protocol, camera, printData(data)].map((cell = '-') =>
              printable(cell),
            ),
          ),
        ]),
  );
}

function requireKind(kind: string): void {
  const known: readonly string[] = AUDIT_KINDS;
  if (known.includes(kind)) return;
  const close = nearest(kind, known);
  const hint = close === undefined ? `one of ${known.join(', ')}` : `did you mean "${close}"?`;
  throw new NightjarError('invalid', 'cli/kind', `"${kind}" is no kind of entry; ${hint}`);
}

function printData(data: Readonly<Record<string, unknown>> = {}): string {
  return Object.entries(data)
    .map(([name, value]) => `${name}=${String(value)}`)
    .join(' ');
}
