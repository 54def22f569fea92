/** One table of a backup. */
export interface SavedTable {
  readonly name: string;
  /** In the order of the values of a row; types as PostgreSQL prints them. */
  readonly columns: readonly { readonly name: string; readonly type: string }[];
}

/** What of a catalog is saved beside the rows: enough to make the same tables again. */
export interface SavedCatalog {
  /** Names of the migrations that its schema had, in order. */
  readonly migrations: readonly string[];
  /** Each after those that its foreign keys name. */
  readonly tables: readonly SavedTable[];
  /** Last numbers that were drawn. */
  readonly sequences: readonly { readonly name: string; readonly last: string }[];
}

/**
 * Rows as lines: a JSON array of the text of each value, as PostgreSQL prints and reads it, null for NULL. So nothing is rounded, and
 * a column of JSON that holds `null` stays apart from one that holds nothing.
 */
export type SavedRows = AsyncIterable<string>;
