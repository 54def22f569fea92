import { NightjarError } from '@nightjar/common';

/** One thing wrong (or doubtful) in a configuration file. Never holds a secret. */
export interface ConfigIssue {
  readonly file: string;
  /** 1-based. */
  readonly line: number;
  /** 1-based. */
  readonly column: number;
  /** Key path such as `cameras.front.streams.main.url`; empty for the whole file. */
  readonly path: string;
  readonly message: string;
}

/** `nightjar.yaml:4:5: cameras.front.recrod: unknown key; did you mean "record"?` */
export function printIssue(issue: ConfigIssue): string {
  const where = `${issue.file}:${issue.line}:${issue.column}: `;
  return issue.path === '' ? where + issue.message : `${where}${issue.path}: ${issue.message}`;
}

/** Everything that is wrong with one configuration file, in file order; one line per issue in the message. */
export class ConfigError extends NightjarError {
  constructor(
    file: string,
    readonly issues: readonly ConfigIssue[],
  ) {
    super('invalid', 'config/invalid', issues.map(printIssue).join('\n'), { file });
  }
}

/** File order; ties by key path. */
export function byPosition(a: ConfigIssue, b: ConfigIssue): number {
  return a.line - b.line || a.column - b.column || (a.path < b.path ? -1 : 1);
}
