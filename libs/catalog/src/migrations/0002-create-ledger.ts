import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The ledger: unwanted spans, since when each stream is accounted for, completeness per day; indexes for its queries. */
export class CreateLedger implements MigrationInterface {
  readonly name = 'CreateLedger0000000000002';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of UP) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const statement of DOWN) await runner.query(statement);
  }
}

const UP = [
  `CREATE TABLE unwanted (
     stream_id integer NOT NULL REFERENCES stream,
     start_at timestamptz NOT NULL,
     end_at timestamptz NOT NULL,
     reason text NOT NULL,
     PRIMARY KEY (stream_id, start_at, reason),
     CHECK (start_at <= end_at)
   )`,
  // Spans that reach into a range began within a day before it, or are long; the long ones are few and have their own index.
  "CREATE INDEX gap_long ON gap (stream_id, end_at) WHERE end_at - start_at > interval '1 day'",
  "CREATE INDEX unwanted_long ON unwanted (stream_id, end_at) WHERE end_at - start_at > interval '1 day'",

  // What journals said, in whichever order it arrives; the view makes spans of it.
  `CREATE TABLE declaration (
     stream_id integer NOT NULL REFERENCES stream,
     at timestamptz NOT NULL,
     declared boolean NOT NULL,
     PRIMARY KEY (stream_id, at, declared)
   )`,
  // At the same instant a stream is withdrawn first and declared again after.
  `CREATE VIEW stream_declaration AS
   SELECT stream_id, at AS from_at, until AS to_at
   FROM (
     SELECT stream_id, at, declared, lead(at) OVER (PARTITION BY stream_id ORDER BY at, declared) AS until
     FROM (
       SELECT stream_id, at, declared,
         declared IS DISTINCT FROM lag(declared) OVER (PARTITION BY stream_id ORDER BY at, declared) AS turns
       FROM declaration
     ) told
     WHERE turns
   ) turned
   WHERE declared`,
  'ALTER TABLE stream ADD declared_at timestamptz',
  // Whoever recorded before the ledger began was declared from the first segment on.
  `INSERT INTO declaration (stream_id, at, declared)
   SELECT t.id, s.start_at, true FROM stream t CROSS JOIN LATERAL (
     SELECT start_at FROM segment WHERE stream_id = t.id ORDER BY start_at LIMIT 1
   ) s`,
  `UPDATE stream t SET declared_at = d.at FROM declaration d WHERE d.stream_id = t.id`,

  // Gaps and deletions are forgotten one day. What came before the last one that was is not accounted for any more: of a day
  // whose facts are gone the sums below are all there is.
  'ALTER TABLE stream ADD facts_from timestamptz',
  `CREATE FUNCTION note_forgotten_facts() RETURNS trigger LANGUAGE plpgsql AS $$
   BEGIN
     UPDATE stream t SET facts_from = greatest(t.facts_from, f.until)
     FROM (SELECT stream_id, max(end_at) AS until FROM forgotten GROUP BY stream_id) f
     WHERE t.id = f.stream_id AND (t.facts_from IS NULL OR t.facts_from < f.until);
     RETURN NULL;
   END $$`,
  `CREATE TRIGGER gap_forgotten AFTER DELETE ON gap REFERENCING OLD TABLE AS forgotten
   FOR EACH STATEMENT EXECUTE FUNCTION note_forgotten_facts()`,
  `CREATE TRIGGER deletion_forgotten AFTER DELETE ON deletion REFERENCING OLD TABLE AS forgotten
   FOR EACH STATEMENT EXECUTE FUNCTION note_forgotten_facts()`,
  `CREATE TABLE completeness (
     stream_id integer NOT NULL REFERENCES stream,
     day date NOT NULL,
     declared_ms bigint NOT NULL,
     recorded_ms bigint NOT NULL,
     unwanted_ms bigint NOT NULL,
     missing_ms bigint NOT NULL,
     missing jsonb NOT NULL,
     stale boolean NOT NULL DEFAULT false,
     PRIMARY KEY (stream_id, day),
     CHECK (recorded_ms + unwanted_ms + missing_ms = declared_ms)
   )`,
  'CREATE INDEX completeness_day ON completeness (day)',

  // A range of a stream is answered from these indexes alone.
  'CREATE INDEX segment_timeline ON segment (stream_id, start_at) INCLUDE (end_at, bytes, state)',
  'DROP INDEX segment_stream_time',
  'CREATE INDEX deletion_timeline ON deletion (stream_id, start_at) INCLUDE (end_at, rule)',
];

const DOWN = [
  'DROP INDEX deletion_timeline',
  'CREATE INDEX segment_stream_time ON segment (stream_id, start_at) INCLUDE (bytes, state)',
  'DROP INDEX segment_timeline',
  'DROP TABLE completeness',
  'DROP TRIGGER deletion_forgotten ON deletion',
  'DROP TRIGGER gap_forgotten ON gap',
  'DROP FUNCTION note_forgotten_facts()',
  'ALTER TABLE stream DROP facts_from, DROP declared_at',
  'DROP VIEW stream_declaration',
  'DROP TABLE declaration',
  'DROP INDEX gap_long',
  'DROP TABLE unwanted',
];
