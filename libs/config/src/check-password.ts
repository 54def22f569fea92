import type { KeyPath } from './config-text.js';
import type { Report } from './report.js';
import type { PasswordReference } from './schema.js';

/** A password is named once. */
export function checkPassword(reference: PasswordReference, at: KeyPath, report: Report): void {
  const given = [reference.passwordFile, reference.passwordEnv].filter((x) => x !== undefined);
  if (given.length === 0) report(at, 'needs passwordFile or passwordEnv', 'key');
  if (given.length > 1) report(at, 'has both passwordFile and passwordEnv; keep one', 'key');
}
