import type { KeyPath } from './config-text.js';

/** Takes one finding; `at` says whether the key or the value is at fault. */
export type Report = (path: KeyPath, message: string, at?: 'key' | 'value') => void;

export interface Known {
  /** Every camera name in the file, also of cameras with errors of their own. */
  readonly cameras: ReadonlySet<string>;
  /** Top-level keys whose values did not pass the schema; what is compared with them is not judged. */
  readonly broken: ReadonlySet<string>;
}
