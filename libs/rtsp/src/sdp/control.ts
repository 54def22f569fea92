const ABSOLUTE = /^rtsps?:\/\//i;

/**
 * URL to use for an `a=control` value. `append`: cameras expect the control behind the query string; `resolve`: RFC 3986
 * s.5.2, as RFC 2326 s.C.1.1 has it. `*` and '' stand for the base itself.
 */
export function resolveControl(
  base: string,
  control: string,
  how: 'append' | 'resolve' = 'append',
): string {
  if (control === '' || control === '*') return base;
  if (ABSOLUTE.test(control)) return control;
  if (how === 'resolve' && URL.canParse(control, base)) return new URL(control, base).href;
  if (control.startsWith('?')) return base + control;
  const stem = base.endsWith('/') ? base.slice(0, -1) : base;
  return control.startsWith('/') ? stem + control : `${stem}/${control}`;
}
