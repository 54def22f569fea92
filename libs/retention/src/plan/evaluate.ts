import type {
  DoomedOf,
  FootageReader,
  PlaceLine,
  StreamKey,
  StreamLine,
  WalkedLine,
} from '@nightjar/catalog';
import { lineOf, placeOf } from '../rules/lines.js';
import type { RetentionRules, VolumeRules } from '../rules/rules.js';

/** A volume whose footage is judged. */
export interface JudgedVolume {
  readonly id: string;
  readonly rules: VolumeRules;
  /** Undefined while it cannot be measured: then nothing is done for room on it. */
  readonly freeBytes: number | undefined;
}

export interface EvaluationInput {
  readonly rules: RetentionRules;
  readonly nowMs: number;
  /** Start of the sweep before; see {@link DoomedOf.fellDueBytes}. */
  readonly lastSweepMs: number;
  /** Volumes to decide about. Those that are read-only are left alone. */
  readonly volumes: readonly JudgedVolume[];
  /** Volumes whose footage counts for cameras and groups: every configured one that is not read-only. */
  readonly counted: readonly CountedVolume[];
}

export interface CountedVolume {
  readonly id: string;
  /** Its name in the rules. */
  readonly volume: string;
}

/** Which segments go: everything up to these lines that nothing protects. */
export interface Evaluation {
  readonly nowMs: number;
  readonly streams: readonly StreamKey[];
  readonly lines: readonly StreamLine[];
  readonly places: readonly PlaceLine[];
  readonly doomed: readonly DoomedOf[];
  /** Volume id to the bytes that it lacks although all that is unprotected goes; only of volumes that lack some. */
  readonly shortBytes: ReadonlyMap<string, number>;
}

/**
 * Decides what goes, rule by rule: age, then the bytes of cameras, of groups, of volumes, then free space. Each rule
 * counts on what those before it take. Where room is needed the oldest unprotected footage goes, whichever stream it is of.
 */
export async function evaluate(reader: FootageReader, input: EvaluationInput): Promise<Evaluation> {
  const { rules, nowMs, lastSweepMs } = input;
  const streams = await reader.streams();
  const byCamera = new Map(rules.cameras.map((camera) => [camera.camera, camera]));
  const writable = input.volumes.filter(({ rules: { state } }) => state !== 'read-only');
  const counted = input.counted.map(({ id, volume }) =>
    placeOf(
      id,
      rules.volumes.find((one) => one.volume === volume),
      nowMs,
    ),
  );
  const work: Work = {
    reader,
    nowMs,
    sinceLastMs: Math.max(0, nowMs - lastSweepMs),
    streams,
    lines: streams.map((stream) =>
      lineOf(stream, byCamera.get(stream.camera), nowMs, rules.volumes),
    ),
    counted,
  };

  await limitBytes(work, 'camera', ({ camera }) => {
    const maxBytes = byCamera.get(camera)?.maxBytes;
    return maxBytes === undefined ? undefined : { scope: camera, maxBytes };
  });
  const groups = new Map(rules.groups.map((group) => [group.group, group.maxBytes]));
  await limitBytes(work, 'group', ({ camera }) => {
    const group = byCamera.get(camera)?.group;
    const maxBytes = group === undefined ? undefined : groups.get(group);
    return group === undefined || maxBytes === undefined ? undefined : { scope: group, maxBytes };
  });

  const shortBytes = new Map<string, number>();
  const places: PlaceLine[] = [];
  for (const volume of writable) {
    const { place, short } = await makeRoom(work, volume);
    places.push(place);
    if (short > 0) shortBytes.set(volume.id, short);
  }
  const doomed = await reader.doomed(work.lines, places, nowMs, work.sinceLastMs);
  return { nowMs, streams, lines: work.lines, places, doomed, shortBytes };
}

interface Work {
  readonly reader: FootageReader;
  readonly nowMs: number;
  readonly sinceLastMs: number;
  readonly streams: readonly StreamKey[];
  lines: StreamLine[];
  readonly counted: readonly PlaceLine[];
}

/** Bytes of several streams together, wherever they lie. */
async function limitBytes(
  work: Work,
  kind: 'camera' | 'group',
  limitOf: (stream: StreamKey) => { scope: string; maxBytes: number } | undefined,
): Promise<void> {
  const limits = new Map(work.streams.map((stream) => [stream.streamId, limitOf(stream)]));
  const limited = work.streams.flatMap(({ streamId }) =>
    limits.get(streamId) === undefined ? [] : [streamId],
  );
  if (limited.length === 0) return;
  const places = new Set(work.counted.map(({ volumeId }) => volumeId));
  const held = new Map<string, number>();
  for (const { streamId, volumeId, bytes } of await work.reader.footage(limited))
    if (places.has(volumeId)) add(held, limits.get(streamId)?.scope, bytes);
  const ofThem = work.lines.filter(({ streamId }) => limits.get(streamId) !== undefined);
  const gone = new Map<string, number>();
  for (const { streamId, bytes } of await work.reader.doomed(
    ofThem,
    work.counted,
    work.nowMs,
    work.sinceLastMs,
  ))
    add(gone, limits.get(streamId)?.scope, bytes);

  const needs = new Map<string, number>();
  for (const limit of limits.values()) {
    if (limit === undefined) continue;
    const excess = (held.get(limit.scope) ?? 0) - (gone.get(limit.scope) ?? 0) - limit.maxBytes;
    if (excess > 0) needs.set(limit.scope, excess);
  }
  const { upto } = await findRoom(
    work,
    work.counted,
    needs,
    (line) => limits.get(line.streamId)?.scope,
  );
  work.lines = work.lines.map((line) => {
    const limit = limits.get(line.streamId);
    const uptoMs = limit === undefined ? undefined : upto.get(limit.scope);
    if (limit === undefined || uptoMs === undefined) return line;
    const detail = {
      ...(kind === 'group' && { group: limit.scope }),
      maxBytes: limit.maxBytes,
      heldBytes: held.get(limit.scope) ?? 0,
    };
    return kind === 'camera'
      ? { ...line, cameraUptoMs: uptoMs, details: { ...line.details, maxBytes: detail } }
      : { ...line, groupUptoMs: uptoMs, details: { ...line.details, groupMaxBytes: detail } };
  });
}

/** The bytes of one volume and its free space. */
async function makeRoom(
  work: Work,
  { id, rules, freeBytes }: JudgedVolume,
): Promise<{ place: PlaceLine; short: number }> {
  let place = placeOf(id, rules, work.nowMs);
  const gone = async (): Promise<number> =>
    sum(await work.reader.doomed(work.lines, [place], work.nowMs, work.sinceLastMs));
  const { maxBytes, minFreeBytes } = rules;
  if (maxBytes !== undefined) {
    const all = await work.reader.footage(work.streams.map(({ streamId }) => streamId));
    const heldBytes = sum(all.filter(({ volumeId }) => volumeId === id));
    const uptoMs = await findOne(work, place, heldBytes - maxBytes - (await gone()));
    if (uptoMs !== undefined)
      place = {
        ...place,
        bytesUptoMs: uptoMs.uptoMs,
        details: { ...place.details, volumeMaxBytes: { maxBytes, heldBytes } },
      };
  }
  if (freeBytes === undefined || freeBytes >= minFreeBytes) return { place, short: 0 };
  const found = await findOne(work, place, minFreeBytes - freeBytes - (await gone()));
  if (found === undefined) return { place, short: 0 };
  return {
    place: {
      ...place,
      freeUptoMs: found.uptoMs,
      details: { ...place.details, minFree: { minFreeBytes, freeBytes } },
    },
    short: found.short,
  };
}

/** Undefined if nothing is needed. */
async function findOne(
  work: Work,
  place: PlaceLine,
  bytes: number,
): Promise<{ uptoMs: number; short: number } | undefined> {
  if (bytes <= 0) return undefined;
  const { upto, short } = await findRoom(work, [place], new Map([['', bytes]]), () => '');
  return { uptoMs: upto.get('') ?? 0, short: short.get('') ?? 0 };
}

const FIRST_STEP_MS = 3_600_000;

/**
 * Walks from the oldest footage on, in ever longer stretches, until each scope has found what it needs among what no rule
 * has claimed yet. Reads about as many rows as it claims.
 */
async function findRoom(
  work: Work,
  places: readonly PlaceLine[],
  needs: ReadonlyMap<string, number>,
  scopeOf: (line: StreamLine) => string | undefined,
): Promise<{ upto: Map<string, number>; short: Map<string, number> }> {
  const upto = new Map<string, number>();
  const open = new Map(needs);
  if (open.size === 0) return { upto, short: open };
  const walked = work.lines.flatMap((line) => {
    const scope = scopeOf(line);
    return scope !== undefined && needs.has(scope) ? [{ line, scope }] : [];
  });
  const oldestMs = await work.reader.oldestMs(walked.map(({ line }) => line.streamId));
  const bonusMs = Math.max(0, ...walked.map(({ line }) => line.eventBonusMs));
  // Footage after a clock that went back lies in the future, and is room like any other.
  let newestMs = work.nowMs;
  for (const { volumeId } of places)
    newestMs = Math.max(newestMs, (await work.reader.newestMs(volumeId)) ?? 0);
  const endMs = newestMs + bonusMs;
  let fromMs: number | null = null;
  let toMs = (oldestMs ?? endMs) + FIRST_STEP_MS;
  for (let stepMs = FIRST_STEP_MS; open.size > 0; stepMs *= 2) {
    const lines = walked.flatMap(({ line, scope }): WalkedLine[] =>
      open.has(scope) ? [{ ...line, scope, fromMs, toMs }] : [],
    );
    const asked = Array.from(open, ([scope, bytes]) => ({ scope, bytes }));
    for (const result of await work.reader.walk(lines, places, work.nowMs, asked)) {
      const need = open.get(result.scope) ?? 0;
      if (result.uptoMs !== null) {
        upto.set(result.scope, result.uptoMs);
        open.delete(result.scope);
      } else open.set(result.scope, need - result.bytes);
    }
    if (toMs >= endMs) break;
    fromMs = toMs;
    toMs += stepMs;
  }
  for (const scope of open.keys()) upto.set(scope, endMs);
  return { upto, short: open };
}

function sum(rows: readonly { readonly bytes: number }[]): number {
  return rows.reduce((total, { bytes }) => total + bytes, 0);
}

function add(totals: Map<string, number>, key: string | undefined, bytes: number): void {
  if (key !== undefined) totals.set(key, (totals.get(key) ?? 0) + bytes);
}
