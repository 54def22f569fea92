import type { Database, SqlRunner } from '../database.js';
import type { Device, DeviceChange, DeviceReading, DeviceSighting } from './device.js';

/** Devices that are remembered: a network full of made-up ones must not fill the disk. */
export const MAX_DEVICES = 4_096;
/** Addresses remembered of each. */
const MAX_ADDRESSES = 8;

export interface ReadOptions {
  readonly atMs: number;
  readonly asideMs: number;
  /** Why not all could be read. */
  readonly problem?: string | undefined;
}

/** What was found in the network, adopted or not. */
export class DeviceRepository {
  constructor(private readonly database: Database) {}

  /** In order of their first sighting. */
  async list(): Promise<Device[]> {
    return (await this.database.query<RawDevice>(`${SELECT} ORDER BY id`)).map(toDevice);
  }

  async get(id: number): Promise<Device | undefined> {
    return (await this.database.query<RawDevice>(`${SELECT} WHERE id = $1`, [id])).map(toDevice)[0];
  }

  /** The device that became this camera. */
  async ofCamera(camera: string): Promise<Device | undefined> {
    const rows = await this.database.query<RawDevice>(
      `${SELECT} WHERE camera = $1 ORDER BY last_seen DESC LIMIT 1`,
      [camera],
    );
    return rows.map(toDevice)[0];
  }

  /**
   * Notes that a device was heard of.
   * @returns the device as it is now; undefined when there are {@link MAX_DEVICES} others
   */
  async sighted(sighting: DeviceSighting, atMs: number): Promise<Device | undefined> {
    const { endpoint, address, serviceUrls, scopes, name, hardware } = sighting;
    const [row] = await this.database.query<RawDevice>(
      `INSERT INTO device AS d (endpoint, addresses, service_urls, scopes, name, hardware, first_seen, last_seen)
       SELECT $1, jsonb_build_array($2::text), $3, $4, $5, $6, ${TIME('$7')}, ${TIME('$7')}
       WHERE (SELECT count(*) FROM device WHERE endpoint <> $1) < ${MAX_DEVICES}
       ON CONFLICT (endpoint) DO UPDATE SET
         addresses = (SELECT jsonb_agg(one ORDER BY rank) FROM (
           SELECT one, min(rank) AS rank
           FROM jsonb_array_elements_text(excluded.addresses || d.addresses) WITH ORDINALITY AS a(one, rank)
           GROUP BY one ORDER BY min(rank) LIMIT ${MAX_ADDRESSES}) kept),
         service_urls = excluded.service_urls, scopes = excluded.scopes,
         name = coalesce(excluded.name, d.name), hardware = coalesce(d.hardware, excluded.hardware),
         last_seen = greatest(excluded.last_seen, d.last_seen), left_at = NULL
       RETURNING ${COLUMNS}`,
      [
        endpoint,
        address,
        JSON.stringify(serviceUrls),
        JSON.stringify(scopes),
        name ?? null,
        hardware ?? null,
        atMs,
      ],
    );
    return row && toDevice(row);
  }

  /** A device said good-bye. */
  async left(endpoint: string, atMs: number): Promise<void> {
    await this.database.query(
      `UPDATE device SET left_at = ${TIME('$2')} WHERE endpoint = $1 AND left_at IS NULL`,
      [endpoint, atMs],
    );
  }

  /**
   * Keeps what a device answered, and what is other than before; what it did not tell stays. A device of the same make, model and serial number that
   * has another endpoint reference, and was not heard of since `asideMs`, is this one: some cameras make a new reference
   * at each start. It goes on under its older id.
   * @returns the id under which the device goes on
   */
  async read(
    id: number,
    reading: DeviceReading,
    changes: readonly DeviceChange[],
    { atMs, asideMs, problem }: ReadOptions,
  ): Promise<number> {
    return await this.database.transaction(async (sql) => {
      const kept = await this.merge(sql, id, reading, asideMs);
      await sql.query(
        `UPDATE device SET serial = coalesce($2, serial), make = coalesce($3, make), model = coalesce($4, model),
           firmware = coalesce($5, firmware), hardware = coalesce($6, hardware), capabilities = coalesce($7, capabilities),
           profiles = coalesce($8, profiles), clock_offset_ms = $9, changes = $10, problem = $11, read_at = ${TIME('$12')}
         WHERE id = $1`,
        [
          kept,
          reading.serial ?? null,
          reading.make ?? null,
          reading.model ?? null,
          reading.firmware ?? null,
          reading.hardware ?? null,
          jsonOf(reading.capabilities),
          jsonOf(reading.profiles),
          reading.clockOffsetMs ?? null,
          JSON.stringify(changes),
          problem ?? null,
          atMs,
        ],
      );
      return kept;
    });
  }

  /** A device could not be read; what was known of it stays. */
  async unread(id: number, problem: string): Promise<void> {
    await this.database.query('UPDATE device SET problem = $2 WHERE id = $1', [id, problem]);
  }

  /** @returns false when there is no such device */
  async adopt(id: number, camera: string): Promise<boolean> {
    return await this.decide(id, 'adopted', camera);
  }

  /** Leaves it alone from now on, or looks at it again. @returns false when there is no such device */
  async setIgnored(id: number, ignored: boolean): Promise<boolean> {
    return await this.decide(id, ignored ? 'ignored' : 'new', undefined);
  }

  /** Takes a device as it is now. */
  async acceptChanges(id: number): Promise<void> {
    await this.database.query(`UPDATE device SET changes = '[]' WHERE id = $1`, [id]);
  }

  /** Forgets devices that nobody decided about and that were not heard of since then. */
  async forget(beforeMs: number): Promise<void> {
    await this.database.query(
      `DELETE FROM device WHERE decision = 'new' AND last_seen < ${TIME('$1')}`,
      [beforeMs],
    );
  }

  private async decide(id: number, decision: string, camera: string | undefined): Promise<boolean> {
    const rows = await this.database.query<{ id: number }>(
      `UPDATE device SET decision = $2, camera = $3, changes = '[]' WHERE id = $1 RETURNING id`,
      [id, decision, camera ?? null],
    );
    return rows.length > 0;
  }

  private async merge(
    sql: SqlRunner,
    id: number,
    { serial, make, model }: DeviceReading,
    asideMs: number,
  ): Promise<number> {
    if (serial === undefined) return id;
    const [older] = await sql.query<{ id: number }>(
      `SELECT id FROM device WHERE id <> $1 AND serial = $2 AND make IS NOT DISTINCT FROM $3
         AND model IS NOT DISTINCT FROM $4 AND last_seen < ${TIME('$5')}
       ORDER BY decision = 'adopted' DESC, last_seen DESC LIMIT 1 FOR UPDATE`,
      [id, serial, make ?? null, model ?? null, asideMs],
    );
    if (older === undefined) return id;
    const [fresh] = await sql.query<{ endpoint: string }>(
      'DELETE FROM device WHERE id = $1 RETURNING *',
      [id],
    );
    if (fresh === undefined) return older.id;
    await sql.query(
      `UPDATE device d SET endpoint = f.endpoint, addresses = f.addresses, service_urls = f.service_urls,
         scopes = f.scopes, name = coalesce(f.name, d.name), last_seen = f.last_seen, left_at = NULL
       FROM jsonb_populate_record(NULL::device, $2) f WHERE d.id = $1`,
      [older.id, JSON.stringify(fresh)],
    );
    return older.id;
  }
}

function jsonOf(value: readonly unknown[] | undefined): string | null {
  return value === undefined ? null : JSON.stringify(value);
}

const TIME = (parameter: string): string => `to_timestamp(${parameter}::float8 / 1000)`;
const MS = (column: string, name: string): string =>
  `(extract(epoch FROM ${column}) * 1000)::float8 AS "${name}"`;

const COLUMNS = `id, endpoint, serial, make, model, firmware, hardware, name, addresses, service_urls AS "serviceUrls",
  scopes, capabilities, profiles, clock_offset_ms AS "clockOffsetMs", decision, camera, changes, problem,
  ${MS('first_seen', 'firstSeenMs')}, ${MS('last_seen', 'lastSeenMs')}, ${MS('read_at', 'readAtMs')}, ${MS('left_at', 'leftAtMs')}`;
const SELECT = `SELECT ${COLUMNS} FROM device`;

/** Columns may hold NULL where a device has undefined. */
type RawDevice = { [Key in keyof Device]: Device[Key] | null };

function toDevice(row: RawDevice): Device {
  const known = Object.entries(row).map(([key, value]) => [key, value ?? undefined]);
  return Object.fromEntries(known) as Device;
}
