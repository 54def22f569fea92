const ABSOLUTE = /^rtsps?:\/\//i;

/**
 * URL to use for an `a=control` value. Concatenation, not RFC 3986 joining: cameras expect the control
 * behind the query string. `*` and '' stand for the base itself.
 */
export function resolveControl(base: string, control: string): string {
  if (control === '' || control === '*') return base;
  if (ABSOLUTE.test(control)) return control;
  if (control.startsWith('?')) return base + control;
  const stem = base.endsWith('/') ? base.slice(0, -1) : base;
  return control.startsWith('/') ? stem + control : `${stem}/${control}`;
}
