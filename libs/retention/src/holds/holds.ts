import type { Catalog, Hold } from '@nightjar/catalog';
import { NightjarError } from '@nightjar/common';
import type { Clock } from '@nightjar/common';
import type { NightjarConfig } from '@nightjar/config';

/** A hold as it is asked for. Times are Unix epoch milliseconds. */
export interface HoldRequest {
  readonly camera: string;
  /** undefined: every stream. */
  readonly stream: string | undefined;
  readonly startMs: number;
  readonly endMs: number;
  /** undefined: who makes it. */
  readonly owner: string | undefined;
  readonly reason: string;
  /** undefined: until it is released. */
  readonly expiresAtMs: number | undefined;
}

/** A hold as it is shown. Times are RFC 3339. */
export interface HoldView {
  readonly id: number;
  readonly camera: string;
  /** Null: every stream. */
  readonly stream: string | null;
  readonly start: string;
  readonly end: string;
  readonly owner: string;
  readonly reason: string;
  readonly createdBy: string;
  readonly createdAt: string;
  readonly expiresAt: string | null;
  readonly releasedAt: string | null;
  readonly releasedBy: string | null;
}

/** Holds shown at once, at most. */
const MAX_LISTED = 1_000;
const MAX_TEXT = 500;

/** Keeps footage from every rule, and lets it go again. */
export class Holds {
  constructor(
    private readonly catalog: Catalog,
    private readonly config: () => NightjarConfig,
    private readonly clock: Clock,
  ) {}

  /** Those in force, or with `all` every one that ever was; newest first. */
  async list(all: boolean): Promise<HoldView[]> {
    const holds = await this.catalog.holds.list(this.clock.wallMs(), { all, limit: MAX_LISTED });
    return holds.map(viewOf);
  }

  /**
   * @param by who asks
   * @throws NightjarError `invalid` for a range or text that makes no sense, `not-found` for a camera or stream that is
   *   neither configured nor known from its footage
   */
  async add(request: HoldRequest, by: string): Promise<HoldView> {
    const { camera, stream, startMs, endMs, reason, expiresAtMs } = request;
    const nowMs = this.clock.wallMs();
    const owner = request.owner ?? by;
    if (endMs <= startMs) throw invalid('end must lie after start');
    if (expiresAtMs !== undefined && expiresAtMs <= nowMs)
      throw invalid('the hold would have expired already');
    for (const [what, text] of [
      ['owner', owner],
      ['reason', reason],
    ] as const)
      if (text.trim() === '' || text.length > MAX_TEXT)
        throw invalid(`${what} must say something, in at most ${MAX_TEXT} characters`);
    await this.expectKnown(camera, stream);
    return viewOf(
      await this.catalog.holds.add({
        camera,
        stream: stream ?? null,
        startMs,
        endMs,
        owner,
        reason,
        createdBy: by,
        createdAtMs: nowMs,
        expiresAtMs: expiresAtMs ?? null,
      }),
    );
  }

  /** @throws NightjarError `not-found`, or `conflict` if it was released before */
  async release(id: number, by: string): Promise<HoldView> {
    return viewOf(await this.catalog.holds.release(id, by, this.clock.wallMs()));
  }

  /** A camera that left the configuration can still have footage worth keeping. */
  private async expectKnown(camera: string, stream: string | undefined): Promise<void> {
    const { cameras } = this.config();
    const configured = Object.hasOwn(cameras, camera) ? cameras[camera] : undefined;
    if (configured !== undefined)
      if (stream === undefined || Object.hasOwn(configured.streams, stream)) return;
    const known = (await this.catalog.retention.read((reader) => reader.streams())).filter(
      (one) => one.camera === camera,
    );
    if (known.some((one) => stream === undefined || one.stream === stream)) return;
    throw new NightjarError(
      'not-found',
      'retention/unknown-camera',
      configured === undefined && known.length === 0
        ? `there is no camera ${camera}`
        : `camera ${camera} has no stream ${stream}`,
      { camera },
    );
  }
}

export function viewOf(hold: Hold): HoldView {
  const { startMs, endMs, createdAtMs, expiresAtMs, releasedAtMs, ...rest } = hold;
  return {
    ...rest,
    start: print(startMs),
    end: print(endMs),
    createdAt: print(createdAtMs),
    expiresAt: expiresAtMs === null ? null : print(expiresAtMs),
    releasedAt: releasedAtMs === null ? null : print(releasedAtMs),
  };
}

function print(ms: number): string {
  return new Date(ms).toISOString();
}

function invalid(message: string): NightjarError {
  return new NightjarError('invalid', 'retention/hold', message);
}
