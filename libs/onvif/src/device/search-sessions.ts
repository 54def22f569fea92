import { randomBytes } from 'node:crypto';
import { NightjarError, type Clock, type Timer } from '@nightjar/common';

const MAX_SEARCHES = 64;
/** So that one user leaves room for others. */
const MAX_PER_OWNER = 32;
const MIN_KEEP_ALIVE_MS = 10_000;
const MAX_KEEP_ALIVE_MS = 3_600_000;
const ID_BYTES = 12;
const TIMED_OUT = Symbol('timed out');

export interface SearchOptions<T> {
  readonly owner: string;
  readonly kind: string;
  readonly results: AsyncGenerator<T>;
  readonly keepAliveMs: number;
  readonly maxMatches: number;
}

/** Searches that clients fetch the results of, bit by bit. ONVIF Recording Search s.4.3. */
export class SearchSessions {
  private readonly searches = new Map<string, Search<unknown>>();

  constructor(private readonly clock: Clock) {}

  /** @throws NightjarError `exhausted` when there are too many */
  begin<T>(options: SearchOptions<T>): string {
    const own = [...this.searches.values()].filter(({ owner }) => owner === options.owner);
    if (this.searches.size >= MAX_SEARCHES || own.length >= MAX_PER_OWNER)
      throw new NightjarError('exhausted', 'onvif/searches', 'too many searches');
    const token = randomBytes(ID_BYTES).toString('hex');
    const search = new Search(options, this.clock, () => this.searches.delete(token));
    this.searches.set(token, search);
    return token;
  }

  /** Undefined when it has ended, never was, is of another kind or belongs to somebody else. */
  find<T>(token: string, owner: string, kind?: string): Search<T> | undefined {
    const search = this.searches.get(token);
    const fits = search?.owner === owner && (kind === undefined || search.kind === kind);
    return fits ? (search as Search<T>) : undefined;
  }
}

/** Looks for results when it is asked for them, and not before. */
export class Search<T> {
  readonly owner: string;
  readonly kind: string;
  private found = 0;
  private done = false;
  private pending: Promise<IteratorResult<T, unknown>> | undefined;
  private ending: Timer | undefined;

  constructor(
    private readonly options: SearchOptions<T>,
    private readonly clock: Clock,
    private readonly ended: () => void,
  ) {
    this.owner = options.owner;
    this.kind = options.kind;
    this.keepAlive();
  }

  get completed(): boolean {
    return this.done;
  }

  /** Up to `max` results: as soon as there are so many, all are found, or `waitMs` are over. */
  async take(max: number, waitMs: number): Promise<T[]> {
    this.keepAlive();
    const { maxMatches, results } = this.options;
    let timer: Timer | undefined;
    const late = new Promise<typeof TIMED_OUT>((resolve) => {
      timer = this.clock.setTimer(waitMs, () => resolve(TIMED_OUT));
    });
    const taken: T[] = [];
    try {
      while (taken.length < max && !this.done) {
        this.pending ??= results.next();
        const next = await Promise.race([this.pending, late]);
        if (next === TIMED_OUT) break;
        this.pending = undefined;
        if (next.done !== true) {
          taken.push(next.value);
          this.found += 1;
        }
        this.done = next.done === true || this.found >= maxMatches;
      }
      return taken;
    } catch (error) {
      // A generator that threw has nothing more to give.
      this.done = true;
      throw error;
    } finally {
      timer?.cancel();
      this.keepAlive();
    }
  }

  end(): void {
    this.ending?.cancel();
    this.done = true;
    this.ended();
    void this.options.results.return(undefined).catch(() => undefined);
  }

  private keepAlive(): void {
    this.ending?.cancel();
    const { keepAliveMs } = this.options;
    const ms = Math.max(MIN_KEEP_ALIVE_MS, Math.min(keepAliveMs, MAX_KEEP_ALIVE_MS));
    this.ending = this.clock.setTimer(ms, () => this.end());
  }
}
