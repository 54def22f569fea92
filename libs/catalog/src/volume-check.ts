import type { AuditRepository } from './audit.repository.js';
import type { CatalogFeed } from './catalog-feed.js';
import type { SegmentRow } from './entities.js';
import type { SegmentFacts } from './journal-record.js';

/** What a file is found to be when it is opened. `unclosed`: no index at its end, after a crash or while it is written. */
export type FileContent =
  | { readonly facts: SegmentFacts }
  | { readonly defect: 'unclosed' | 'damaged'; readonly detail: string };

/** One file as a walk of a volume finds it. */
export type ScannedFile =
  | {
      readonly path: string;
      readonly bytes: number;
      /** Opens it. Undefined: deleted meanwhile, or being written. */
      read(): Promise<FileContent | undefined>;
    }
  | { readonly path: string; readonly defect: 'damaged'; readonly detail: string };

type SegmentOnDisk = Extract<ScannedFile, { read: unknown }>;

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
  /** Opens every file, also those whose row has their size. */
  thorough: boolean;
  /** `rows`: makes and corrects rows of files; `all`: also drops rows without a file. */
  repair: 'nothing' | 'rows' | 'all';
  /** Told after each page of files. */
  progress?(files: number): void;
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
  let page: SegmentOnDisk[] = [];
  for await (const file of check.scan) {
    result.files += 1;
    if ('defect' in file) {
      report({ kind: file.defect, path: file.path, detail: file.detail, repaired: false });
    } else {
      page.push(file);
    }
    if (page.length >= PAGE) {
      await comparePage(catalog, check, page, report);
      check.progress?.(result.files);
      page = [];
    }
  }
  await comparePage(catalog, check, page, report);
  check.progress?.(result.files);
  await findRowsWithoutFile(catalog.audit, check, report);
  return result;
}

async function comparePage(
  catalog: { feed: CatalogFeed; audit: AuditRepository },
  check: VolumeCheck,
  page: readonly SegmentOnDisk[],
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
  for (const file of page) {
    const { path } = file;
    const row = rows.get(path);
    if (row?.state === 'deleting') continue;
    if (row?.bytes === file.bytes && !check.thorough) continue;
    const content = await file.read();
    if (content === undefined) continue;
    if ('defect' in content) {
      report({ kind: content.defect, path, detail: content.detail, repaired: false });
      continue;
    }
    const { facts } = content;
    if (facts.endMs > check.untilMs) continue;
    const difference = differenceOf(row, facts);
    if (difference === undefined) continue;
    wrong.push(facts);
    findings.push({ path, ...difference });
  }
  const repaired = check.repair !== 'nothing';
  if (repaired && wrong.length > 0) await catalog.feed.rebuild(check.volumeId, wrong);
  for (const finding of findings) report({ ...finding, repaired });
}

function differenceOf(
  row: SegmentRow | undefined,
  facts: SegmentFacts,
): Pick<Finding, 'kind' | 'detail'> | undefined {
  if (row === undefined) return { kind: 'file-without-row', detail: `${facts.bytes} bytes` };
  if (row.bytes !== facts.bytes)
    return { kind: 'row-differs', detail: `row says ${row.bytes} bytes, file has ${facts.bytes}` };
  return row.hash === facts.hash ? undefined : { kind: 'row-differs', detail: 'the hash differs' };
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
    const absent = [];
    for (const row of rows) if (!(await check.exists(row.path))) absent.push(row);
    // Retention marks a row before it removes the file.
    const missing = absent.length === 0 ? [] : await audit.stillPresent(absent);
    const repaired = check.repair === 'all';
    if (repaired && missing.length > 0) await audit.dropMissing(missing);
    for (const row of missing) {
      report({
        kind: 'row-without-file',
        path: row.path,
        detail: `${row.bytes} bytes`,
        repaired,
      });
    }
    after = last.path;
  }
}
