import { IS_OF_CAMERA } from '../events/event-sql.js';
/** The rules, in the order in which they are asked; the first that claims a segment is written down with its deletion. */
export type RetentionRule =
  | 'maxAge'
  | 'eventMaxAge'
  | 'volumeMaxAge'
  | 'maxBytes'
  | 'groupMaxBytes'
  | 'volumeMaxBytes'
  | 'minFree';

/**
 * How far retention reaches in one stream. Times are Unix epoch milliseconds; null: no such rule. Together with
 * {@link PlaceLine} it says of every segment whether it goes, so that a plan and the sweep that carries it out are the
 * same few numbers.
 */
export interface StreamLine {
  readonly streamId: number;
  readonly cameraId: number;
  /** Footage that ends after this is guaranteed. */
  readonly protectedAfterMs: number | null;
  /** What ended before this is too old; footage of events only if it ended before `eventAgedBeforeMs`. */
  readonly agedBeforeMs: number | null;
  /** Null: nobody asks which footage is of events. As `agedBeforeMs`: it is kept no longer than the rest. */
  readonly eventAgedBeforeMs: number | null;
  /** By so much younger than it is footage of events counts where space is the matter. */
  readonly eventBonusMs: number;
  /** Null: of every type. */
  readonly eventTypes: readonly string[] | null;
  /** An event reaches so far beyond its ends. */
  readonly preRollMs: number;
  readonly postRollMs: number;
  /** An event without end ends after this. */
  readonly maxEventMs: number;
  /** What begins up to this has to go because its camera, or its group, holds too much. */
  readonly cameraUptoMs: number | null;
  readonly groupUptoMs: number | null;
  /** By rule, what is written down with a deletion. */
  readonly details: Partial<Record<RetentionRule, object>>;
}

/** The same for one volume. Volumes without a line are left alone. */
export interface PlaceLine {
  readonly volumeId: string;
  /** As of a stream, for all footage on the volume. */
  readonly protectedAfterMs: number | null;
  readonly agedBeforeMs: number | null;
  readonly eventAgedBeforeMs: number | null;
  readonly bytesUptoMs: number | null;
  readonly freeUptoMs: number | null;
  readonly details: Partial<Record<RetentionRule, object>>;
}

/** A stretch of one stream in which room is looked for, on behalf of a scope (a camera, a group, a volume). */
export interface WalkedLine extends StreamLine {
  readonly scope: string;
  /** Exclusive; null: from the beginning. */
  readonly fromMs: number | null;
  /** Inclusive. */
  readonly toMs: number;
}

const at = (field: string): string => `to_timestamp(i."${field}" / 1000)`;
const span = (field: string): string => `make_interval(secs => i."${field}" / 1000)`;

/** $1: StreamLine[] or WalkedLine[], $2: PlaceLine[], $3: now in ms. */
const TABLES = `
  place AS MATERIALIZED (
    SELECT i."volumeId" AS volume_id, ${at('protectedAfterMs')} AS protected_after, ${at('agedBeforeMs')} AS aged_before,
      ${at('eventAgedBeforeMs')} AS event_aged_before, ${at('bytesUptoMs')} AS bytes_upto, ${at('freeUptoMs')} AS free_upto, i.details
    FROM jsonb_to_recordset($2::jsonb) AS i("volumeId" uuid, "protectedAfterMs" float8, "agedBeforeMs" float8,
      "eventAgedBeforeMs" float8, "bytesUptoMs" float8, "freeUptoMs" float8, details jsonb)
  ), line AS MATERIALIZED (
    SELECT i."streamId" AS stream_id, i."cameraId" AS camera_id, i.scope, i.details,
      ${at('protectedAfterMs')} AS protected_after, ${at('agedBeforeMs')} AS aged_before,
      ${at('eventAgedBeforeMs')} AS event_aged_before, ${span('eventBonusMs')} AS bonus,
      i."eventTypes" AS event_types, ${span('preRollMs')} AS pre_roll, ${span('postRollMs')} AS post_roll,
      ${span('maxEventMs')} AS max_event,
      ${at('cameraUptoMs')} AS camera_upto, ${at('groupUptoMs')} AS group_upto,
      coalesce(${at('fromMs')}, '-infinity') AS from_at, ${at('toMs')} AS to_at,
      greatest(${at('agedBeforeMs')}, ${at('cameraUptoMs')}, ${at('groupUptoMs')},
        (SELECT greatest(max(aged_before), max(bytes_upto), max(free_upto)) FROM place)) AS reach,
      CASE WHEN r.ended_at IS NULL AND r.id IS NOT NULL THEN newest.start_at END AS live_at
    FROM jsonb_to_recordset($1::jsonb) AS i("streamId" integer, "cameraId" integer, scope text, details jsonb,
      "protectedAfterMs" float8, "agedBeforeMs" float8, "eventAgedBeforeMs" float8, "eventBonusMs" float8, "eventTypes" jsonb,
      "preRollMs" float8, "postRollMs" float8, "maxEventMs" float8, "cameraUptoMs" float8, "groupUptoMs" float8,
      "fromMs" float8, "toMs" float8)
    LEFT JOIN LATERAL (
      SELECT n.run_id, n.start_at FROM segment n WHERE n.stream_id = i."streamId" ORDER BY n.start_at DESC LIMIT 1
    ) newest ON true
    LEFT JOIN run r ON r.id = newest.run_id
  ), held AS MATERIALIZED (
    SELECT camera_id, stream_id, start_at, end_at FROM hold
    WHERE released_at IS NULL AND (expires_at IS NULL OR expires_at > to_timestamp($3::float8 / 1000))
  )`;

/** How long events of these cameras last at most: says how far back one that reaches a segment can have begun. */
const EVENT_LENGTHS = `, event_length AS MATERIALIZED (
    SELECT l.camera_id, max(coalesce(e.end_at - e.start_at, l.max_event)) AS longest
    FROM (SELECT DISTINCT camera_id, max_event FROM line WHERE event_aged_before IS NOT NULL) l
    JOIN event e ON e.camera_id = l.camera_id AND ${IS_OF_CAMERA} GROUP BY l.camera_id
  ), tier AS MATERIALIZED (SELECT l.*, v.longest FROM line l LEFT JOIN event_length v USING (camera_id))`;

/** OFFSET 0: asked once per segment, not once per place that uses the answer. */
const IS_EVENT = `(SELECT l.longest IS NOT NULL AND l.event_aged_before IS NOT NULL AND EXISTS (
      SELECT 1 FROM event e WHERE e.camera_id = l.camera_id
        AND e.start_at < s.end_at + l.pre_roll AND e.start_at > s.start_at - l.post_roll - l.longest
        AND coalesce(e.end_at, e.start_at + l.max_event) > s.start_at - l.post_roll
        AND (e.stream_id IS NULL OR e.stream_id = l.stream_id)
        AND (l.event_types IS NULL OR l.event_types ? e.type) AND ${IS_OF_CAMERA}
    ) AS is_event OFFSET 0)`;
const NO_EVENT = '(SELECT false AS is_event)';

/** With "OFFSET 0" holds are looked up per segment, which keeps the order of segments; without it they may be joined. */
const unprotected = (
  fence: '' | 'OFFSET 0',
): string => `(l.protected_after IS NULL OR s.end_at <= l.protected_after)
    AND (p.protected_after IS NULL OR s.end_at <= p.protected_after)
    AND s.start_at IS DISTINCT FROM l.live_at
    AND NOT EXISTS (
      SELECT 1 FROM held h WHERE h.camera_id = l.camera_id AND (h.stream_id IS NULL OR h.stream_id = l.stream_id)
        AND h.start_at < s.end_at AND h.end_at > s.start_at ${fence}
    )`;

const ORDER_AT = 'CASE WHEN e.is_event THEN s.start_at + l.bonus ELSE s.start_at END';

const VOLUME_AGED_BEFORE = 'CASE WHEN e.is_event THEN p.event_aged_before ELSE p.aged_before END';

const RULE = `CASE
      WHEN s.end_at < l.aged_before AND (NOT e.is_event OR l.event_aged_before = l.aged_before) THEN 'maxAge'
      WHEN e.is_event AND s.end_at < l.event_aged_before THEN 'eventMaxAge'
      WHEN s.end_at < ${VOLUME_AGED_BEFORE} THEN 'volumeMaxAge'
      WHEN o.order_at <= l.camera_upto THEN 'maxBytes'
      WHEN o.order_at <= l.group_upto THEN 'groupMaxBytes'
      WHEN o.order_at <= p.bytes_upto THEN 'volumeMaxBytes'
      WHEN o.order_at <= p.free_upto THEN 'minFree'
    END`;

const present = (range: string, extra = ''): string => `
      SELECT s.run_id, s.sequence, s.start_at, s.end_at, s.volume_id, s.bytes${extra} FROM segment s
      WHERE s.stream_id = l.stream_id AND s.state = 'present' AND ${range}`;

/**
 * All segments up to the reach of a stream, each with whether an event overlaps it, found in one pass in order of time: the
 * furthest end of all events that began before a segment ended lies behind its start, or none of them reaches it.
 */
const WITH_EVENTS = `
      SELECT * FROM (
        SELECT m.*, coalesce(max(m.event_until) OVER (ORDER BY m.at, m.kind) > m.start_at, false) AS is_event FROM (
          SELECT s.end_at AS at, 0 AS kind, NULL::timestamptz AS event_until, s.start_at, s.end_at, s.volume_id, s.bytes
          FROM segment s WHERE s.stream_id = l.stream_id AND s.state = 'present' AND s.start_at <= l.reach
          UNION ALL
          SELECT e.start_at - l.pre_roll, 1, coalesce(e.end_at, e.start_at + l.max_event) + l.post_roll, NULL, NULL, NULL, NULL
          FROM event e WHERE e.camera_id = l.camera_id AND l.event_aged_before IS NOT NULL
            AND (e.stream_id IS NULL OR e.stream_id = l.stream_id) AND (l.event_types IS NULL OR l.event_types ? e.type)
            AND ${IS_OF_CAMERA}
        ) m
      ) m WHERE kind = 0`;

/**
 * Every segment that no guarantee, hold or recorder protects, with the rule that claims it, or none. OFFSET 0 makes PostgreSQL
 * go from stream to stream along its index; left to itself it would rather read whole months.
 */
function judged(segments: string, events: boolean, isEvent = events ? IS_EVENT : NO_EVENT): string {
  return `FROM ${events ? 'tier' : 'line'} l
    CROSS JOIN LATERAL (${segments} OFFSET 0) s
    JOIN place p ON p.volume_id = s.volume_id
    CROSS JOIN LATERAL ${isEvent} e
    CROSS JOIN LATERAL (SELECT ${ORDER_AT} AS order_at) o
    CROSS JOIN LATERAL (SELECT ${RULE} AS rule) r
    WHERE ${unprotected('')}`;
}

const tables = (events: boolean): string => `WITH ${TABLES}${events ? EVENT_LENGTHS : ''}`;

/** $4: milliseconds since the sweep before. What went past its age in them `fell due`. */
export const summaryQuery = (events: boolean): string => `${tables(events)}
  SELECT l.stream_id AS "streamId", s.volume_id AS "volumeId", r.rule, count(*)::integer AS segments,
    sum(s.bytes)::float8 AS bytes,
    (extract(epoch FROM sum(s.end_at - s.start_at)) * 1000)::float8 AS "durationMs",
    (extract(epoch FROM min(s.start_at)) * 1000)::float8 AS "oldestMs",
    (extract(epoch FROM max(s.end_at)) * 1000)::float8 AS "newestMs",
    coalesce(sum(s.bytes) FILTER (WHERE s.end_at >= CASE r.rule WHEN 'maxAge' THEN l.aged_before
      WHEN 'eventMaxAge' THEN l.event_aged_before WHEN 'volumeMaxAge' THEN ${VOLUME_AGED_BEFORE} END - make_interval(secs => $4::float8 / 1000)), 0)::float8 AS "fellDueBytes"
  ${
    events
      ? judged(WITH_EVENTS, true, '(SELECT s.is_event)')
      : judged(present('s.start_at <= l.reach'), false)
  } AND r.rule IS NOT NULL
  GROUP BY 1, 2, 3`;

/**
 * Footage of events is looked for by so much earlier as it counts for younger, if it does; else with all other.
 *
 * $4: the bytes that each scope still needs. Per scope: the instant up to which unclaimed footage of the stretch has to go,
 * null if all of it is not enough, and its bytes.
 */
export const walkQuery = (events: boolean): string => `${tables(events)}, candidate AS (
    SELECT l.scope, o.order_at, s.bytes
    ${judged(
      events
        ? `${present('s.start_at > l.from_at AND s.start_at <= l.to_at', ', false AS as_event')}
      UNION ALL ${present("l.bonus > interval '0' AND s.start_at > l.from_at - l.bonus AND s.start_at <= l.to_at - l.bonus", ', true AS as_event')}`
        : present('s.start_at > l.from_at AND s.start_at <= l.to_at'),
      events,
    )} AND r.rule IS NULL${events ? " AND (e.is_event = s.as_event OR l.bonus = interval '0')" : ''}
  ), summed AS (
    SELECT scope, order_at, bytes, sum(bytes) OVER (PARTITION BY scope ORDER BY order_at) AS upto FROM candidate
  )
  SELECT n.scope, (extract(epoch FROM min(c.order_at) FILTER (WHERE c.upto >= n.bytes)) * 1000)::float8 AS "uptoMs",
    coalesce(sum(c.bytes), 0)::float8 AS bytes
  FROM jsonb_to_recordset($4::jsonb) AS n(scope text, bytes numeric) LEFT JOIN summed c USING (scope)
  GROUP BY n.scope`;

/**
 * For {@link condemnQuery}: how far back a stream is asked for is a value that the planner does not see, and it takes that for
 * next to nothing; reading it all and sorting it then looks cheaper than the index, which has the order and can stop.
 */
export const CONDEMN_SETTING = 'SET LOCAL enable_sort = off';

/** $4: from this start on (ms), $5: at most so many, $6: detail for all of them. Oldest first. */
export const condemnQuery = (
  events: boolean,
): string => `${tables(events)}, doomed AS MATERIALIZED (
    SELECT d.* FROM ${events ? 'tier' : 'line'} l CROSS JOIN LATERAL (
      SELECT s.run_id, s.sequence, s.start_at, s.rule, s.detail FROM (
        SELECT s.run_id, s.sequence, s.start_at, r.rule, coalesce(l.details -> r.rule, p.details -> r.rule, '{}') AS detail
        FROM segment s CROSS JOIN LATERAL (SELECT * FROM place q WHERE q.volume_id = s.volume_id OFFSET 0) p
        CROSS JOIN LATERAL ${events ? IS_EVENT : NO_EVENT} e
        CROSS JOIN LATERAL (SELECT ${ORDER_AT} AS order_at) o
        CROSS JOIN LATERAL (SELECT ${RULE} AS rule) r
        WHERE s.stream_id = l.stream_id AND s.state = 'present' AND s.start_at <= l.reach
          AND s.start_at >= coalesce(to_timestamp($4::float8 / 1000), '-infinity')
          AND ${unprotected('OFFSET 0')} AND r.rule IS NOT NULL
        ORDER BY s.start_at LIMIT $5
      ) s
    ) d ORDER BY d.start_at, d.run_id, d.sequence LIMIT $5
  ), condemned AS (
    UPDATE segment s SET state = 'deleting', delete_rule = d.rule, delete_detail = d.detail || $6::jsonb
    FROM doomed d WHERE s.run_id = d.run_id AND s.sequence = d.sequence AND s.start_at = d.start_at AND s.state = 'present'
    RETURNING s.start_at, s.bytes
  )
  SELECT count(*)::integer AS segments, coalesce(sum(bytes), 0)::float8 AS bytes,
    (extract(epoch FROM max(start_at)) * 1000)::float8 AS "newestMs"
  FROM condemned`;
