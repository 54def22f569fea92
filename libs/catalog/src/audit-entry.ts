/** Something that was decided about somebody, or that somebody changed. */
export interface AuditEntry {
  /** Unique; what is told twice is stored once. */
  readonly id: string;
  /** Wall time, Unix epoch milliseconds. */
  readonly atMs: number;
  readonly kind: string;
  /** A user, or a signed URL; undefined: nobody who is known. */
  readonly principal?: string | undefined;
  readonly address?: string | undefined;
  readonly protocol?: string | undefined;
  readonly camera?: string | undefined;
  readonly data?: Readonly<Record<string, string | number | boolean>> | undefined;
}
