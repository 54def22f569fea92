import type { AuditRepository } from './audit.repository.js';
import type { CatalogFeed } from './catalog-feed.js';
import type { SegmentFacts } from './journal-record.js';

/** One file as a walk of a volume finds it. */
export type ScannedFile =
  | { path: string; facts: SegmentFacts }
  /** `unclosed`: no index at its end (a crash, or it is being written); `damaged`: not a segment of ours or unreadable. */
  | { path: string; defect: 'unclosed' | 'damaged'; detail: string };

/** A walk over all files of a volume, in any order. */
export type VolumeScan = AsyncIterable<ScannedFile>;

export type FindingKind =
  'file-without-row' | 'row-without-file' | 'row-differs' | 'unclosed' | 'damaged';

export interface Finding {
  kind: FindingKind;
  path: string;
  detail: string;
  repaired: boolean;
}

export interface VolumeCheck {
  volumeId: string;
  scan: VolumeScan;
  /** Whether a file of a row is there. Must throw, not say false, if the volume itself cannot be read. */
  exists(path: string): Promise<boolean>;
  /** Files that ended later are left to the journal feed. Unix epoch milliseconds. */
  untilMs: number;
  repair: boolean;
  report(finding: Finding): void;
}

export interface CheckResult {
  files: number;
  findings: number;
  /** Findings that are still there. */
  left: number;
}

/** Files and rows compared per query. */
const PAGE = 500;

/**
 * Compares a volume with its rows; with `repair` makes rows of files and drops rows without a file. Memory does not grow
 * with the volume. Files are never touched: unclosed and damaged ones are only reported.
 */
export async function checkVolume(
  catalog: { feed: CatalogFeed; audit: AuditRepository },
  check: VolumeCheck,
): Promise<CheckResult> {
  const result: CheckResult = { files: 0, findings: 0, left: 0 };
  const report = (finding: Finding): void => {
    result.findings += 1;
    if (!finding.repaired) result.left += 1;
    check.report(finding);
  };
  let page: SegmentFacts[] = [];
  for await (const file of check.scan) {
    result.files += 1;
    if ('defect' in file) {
      report({ kind: file.defect, path: file.path, detail: file.detail, repaired: false });
    } else if (file.facts.endMs <= check.untilMs) {
      page.push(file.facts);
    }
    if (page.length >= PAGE) {
      await comparePage(catalog, check, page, report);
      page = [];
    }
  }
  await comparePage(catalog, check, page, report);
  await findRowsWithoutFile(catalog.audit, check, report);
  return result;
}

async function comparePage(
  catalog: { feed: CatalogFeed; audit: AuditRepository },
  check: VolumeCheck,
  page: readonly SegmentFacts[],
  report: (finding: Finding) => void,
): Promise<void> {
  if (page.length === 0) return;
  const rows = new Map(
    (
      await catalog.audit.byPath(
        check.volumeId,
        page.map(({ path }) => path),
      )
    ).map((row) => [row.path, row]),
  );
  const wrong: SegmentFacts[] = [];
  const findings: Omit<Finding, 'repaired'>[] = [];
  for (const facts of page) {
    const row = rows.get(facts.path);
    if (row?.state === 'deleting') continue;
    if (row === undefined) {
      wrong.push(facts);
      findings.push({ kind: 'file-without-row', path: facts.path, detail: `${facts.bytes} bytes` });
    } else if (row.bytes !== facts.bytes || row.hash !== facts.hash) {
      wrong.push(facts);
      const detail =
        row.bytes === facts.bytes
          ? 'the hash differs'
          : `row says ${row.bytes} bytes, file has ${facts.bytes}`;
      findings.push({ kind: 'row-differs', path: facts.path, detail });
    }
  }
  if (check.repair && wrong.length > 0) await catalog.feed.rebuild(check.volumeId, wrong);
  for (const finding of findings) report({ ...finding, repaired: check.repair });
}

async function findRowsWithoutFile(
  audit: AuditRepository,
  check: VolumeCheck,
  report: (finding: Finding) => void,
): Promise<void> {
  let after = '';
  for (;;) {
    const rows = await audit.pageByPath(check.volumeId, after, PAGE);
    const last = rows.at(-1);
    if (last === undefined) return;
    const missing = [];
    for (const row of rows) if (!(await check.exists(row.path))) missing.push(row);
    if (check.repair && missing.length > 0) await audit.dropMissing(missing);
    for (const row of missing) {
      report({
        kind: 'row-without-file',
        path: row.path,
        detail: `${row.bytes} bytes`,
        repaired: check.repair,
      });
    }
    after = last.path;
  }
}
