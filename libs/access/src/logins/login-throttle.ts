/** How fast passwords may be tried. */
export interface ThrottleSettings {
  /** Wrong passwords of one client at once. */
  readonly tries: number;
  /** Time in which it may try as many again. */
  readonly windowMs: number;
}

/** A user that so many times `tries` wrong passwords were tried for, by whomever, is under attack. */
const ATTACK_FACTOR = 5;
/** Under attack a client that never logged in as this user has one try at a time. */
const TRIES_UNDER_ATTACK = 1;
/** Who logged in is known for this long. */
export const KNOWN_MS = 24 * 3_600_000;
/** Buckets and known pairs that are kept, each; the ones not touched for longest go first. */
const MAX_ENTRIES = 20_000;

interface Bucket {
  level: number;
  atMs: number;
}

/**
 * Counts wrong passwords in leaky buckets, one per client, per user, and per both. No count of others keeps a user out:
 * a client is slowed down by its own failures only, and one that has logged in as this user before by those for this user only.
 * While a user is under attack, strangers have one try at a time, and none of them none.
 */
export class LoginThrottle {
  private readonly buckets = new Map<string, Bucket>();
  private readonly known = new Map<string, number>();

  constructor(private readonly settings: () => ThrottleSettings) {}

  /** Milliseconds until this client may try this user; 0: now. */
  waitMs(client: string, user: string, nowMs: number): number {
    const { tries } = this.settings();
    const pair = `p ${client} ${user}`;
    if (this.isKnown(client, user, nowMs)) return this.roomIn(pair, tries, nowMs);
    const ofClient = this.roomIn(`c ${client}`, tries, nowMs);
    if (!this.underAttack(user, nowMs)) return ofClient;
    return Math.max(ofClient, this.roomIn(pair, TRIES_UNDER_ATTACK, nowMs));
  }

  /** A wrong password. Returns whether it is the one after which this client has to wait. */
  failed(client: string, user: string, nowMs: number): boolean {
    const before = this.waitMs(client, user, nowMs);
    this.fill(`p ${client} ${user}`, nowMs, 1);
    this.fill(`u ${user}`, nowMs, ATTACK_FACTOR);
    if (!this.isKnown(client, user, nowMs)) this.fill(`c ${client}`, nowMs, 1);
    return before === 0 && this.waitMs(client, user, nowMs) > 0;
  }

  /** Returns whether this was not known, or not for long any more. */
  succeeded(client: string, user: string, nowMs: number): boolean {
    const pair = `${client} ${user}`;
    const sinceMs = nowMs - (this.known.get(pair) ?? -Infinity);
    if (sinceMs >= 0 && sinceMs < KNOWN_MS / 2) return false;
    this.known.delete(pair);
    this.known.set(pair, nowMs);
    trim(this.known);
    return true;
  }

  private isKnown(client: string, user: string, nowMs: number): boolean {
    return nowMs - (this.known.get(`${client} ${user}`) ?? -Infinity) < KNOWN_MS;
  }

  private underAttack(user: string, nowMs: number): boolean {
    const { tries } = this.settings();
    return this.levelOf(`u ${user}`, nowMs, ATTACK_FACTOR) > ATTACK_FACTOR * tries - 1;
  }

  /** Milliseconds until one more fits below `capacity`. */
  private roomIn(key: string, capacity: number, nowMs: number): number {
    const { tries, windowMs } = this.settings();
    const excess = this.levelOf(key, nowMs, 1) - (capacity - 1);
    return excess <= 0 ? 0 : Math.ceil((excess * windowMs) / tries);
  }

  private fill(key: string, nowMs: number, leak: number): void {
    const level = this.levelOf(key, nowMs, leak) + 1;
    this.buckets.delete(key);
    this.buckets.set(key, { level, atMs: nowMs });
    trim(this.buckets);
  }

  /** @param leak how many times `tries` leave the bucket in a window */
  private levelOf(key: string, nowMs: number, leak: number): number {
    const bucket = this.buckets.get(key);
    if (bucket === undefined) return 0;
    const { tries, windowMs } = this.settings();
    const leaked = (Math.max(0, nowMs - bucket.atMs) * tries * leak) / windowMs;
    return Math.max(0, bucket.level - leaked);
  }
}

function trim(map: Map<string, unknown>): void {
  for (const key of map.keys()) {
    if (map.size <= MAX_ENTRIES) return;
    map.delete(key);
  }
}
