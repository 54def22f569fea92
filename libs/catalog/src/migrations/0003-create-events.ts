import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What happens in front of cameras, and what people said about recording that goes before the configuration. */
export class CreateEvents implements MigrationInterface {
  readonly name = 'CreateEvents0000000000003';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of UP) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE recording_override, event');
    await runner.query('DROP SEQUENCE event_change');
  }
}

const UP = [
  // Drawn under a lock that is held to the commit, so that the order of numbers is the order in which rows become visible.
  'CREATE SEQUENCE event_change',
  // No end: the event goes on. None is longer than a day, which bounds how far before a range one can begin.
  `CREATE TABLE event (
     camera_id integer NOT NULL REFERENCES camera,
     id text NOT NULL,
     stream_id integer REFERENCES stream,
     type text NOT NULL,
     source text NOT NULL,
     start_at timestamptz NOT NULL,
     end_at timestamptz,
     label text,
     data jsonb,
     change bigint NOT NULL,
     PRIMARY KEY (camera_id, id),
     CHECK (end_at >= start_at AND end_at <= start_at + interval '1 day')
   )`,
  'CREATE INDEX event_camera_time ON event (camera_id, start_at) INCLUDE (end_at, type)',
  'CREATE UNIQUE INDEX event_changes ON event (change)',
  'CREATE INDEX event_time ON event (start_at)',
  'CREATE INDEX event_open ON event (camera_id, type, start_at) WHERE end_at IS NULL',
  // Privacy stands beside what was said about recording: when it ends, that holds again.
  `CREATE TABLE recording_override (
     id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
     camera_id integer NOT NULL REFERENCES camera,
     stream_id integer REFERENCES stream,
     action text NOT NULL CHECK (action IN ('record', 'stop', 'privacy', 'no-room')),
     until timestamptz,
     reason text,
     set_by text NOT NULL,
     set_at timestamptz NOT NULL
   )`,
  `CREATE UNIQUE INDEX recording_override_key ON recording_override (camera_id, coalesce(stream_id, 0), (action = 'privacy'))`,
];
