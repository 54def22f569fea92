/** Nonces that are remembered; each stands for one client that logged in. */
const MAX_NONCES = 4096;

export type NonceUse = 'fresh' | 'replay' | 'forgotten';

interface Entry {
  readonly issuedAtMs: number;
  /** Highest `nc` seen. */
  count: number;
  /** Who came with it first, where nothing is counted. */
  readonly holder: WeakRef<object> | undefined;
}

/**
 * What became of each nonce: the highest `nc` seen, or who has it. When the table is full the oldest entry goes, and with it
 * every unlisted nonce issued no later, so that forgetting never makes a replay possible.
 */
export class NonceCounts {
  private readonly known = new Map<string, Entry>();
  private forgottenUntilMs = Number.NEGATIVE_INFINITY;

  constructor(private readonly capacity = MAX_NONCES) {}

  /** Records `count`; `replay` if it did not rise, `forgotten` if that can no longer be told. */
  use(nonce: string, issuedAtMs: number, count: number): NonceUse {
    const entry = this.known.get(nonce);
    if (entry === undefined) return this.note(nonce, { issuedAtMs, count, holder: undefined });
    if (count <= entry.count) return 'replay';
    entry.count = count;
    return 'fresh';
  }

  /** A nonce that is used without a count is of the first that comes with it; `replay` for all others. */
  hold(nonce: string, issuedAtMs: number, holder: object): NonceUse {
    const entry = this.known.get(nonce);
    if (entry === undefined)
      return this.note(nonce, { issuedAtMs, count: 0, holder: new WeakRef(holder) });
    return entry.holder?.deref() === holder ? 'fresh' : 'replay';
  }

  private note(nonce: string, entry: Entry): NonceUse {
    if (entry.issuedAtMs <= this.forgottenUntilMs) return 'forgotten';
    if (this.known.size >= this.capacity) this.forgetOldest();
    this.known.set(nonce, entry);
    return 'fresh';
  }

  private forgetOldest(): void {
    for (const [nonce, { issuedAtMs }] of this.known) {
      this.known.delete(nonce);
      this.forgottenUntilMs = Math.max(this.forgottenUntilMs, issuedAtMs);
      return;
    }
  }
}
