/** What a check found. */
export interface Finding {
  /** What was looked at, as `camera yard`. */
  readonly subject: string;
  /** `unknown`: it cannot be told from here. */
  readonly state: 'ok' | 'warning' | 'problem' | 'unknown';
  readonly detail: string;
  /** What to do, where there is something to do. */
  readonly remedy?: string;
}
