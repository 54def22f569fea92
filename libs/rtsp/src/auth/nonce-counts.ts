/** Nonces whose counts are kept; each entry stands for one client that logged in with qop. */
const MAX_NONCES = 4096;

/**
 * Highest `nc` seen per nonce. When the table is full the oldest entry goes, and with it every unlisted
 * nonce issued no later, so that forgetting a count never makes a replay possible.
 */
export class NonceCounts {
  private readonly highest = new Map<string, { count: number; readonly issuedAtMs: number }>();
  private forgottenUntilMs = Number.NEGATIVE_INFINITY;

  constructor(private readonly capacity = MAX_NONCES) {}

  /** Records `count`; `replay` if it did not rise, `forgotten` if that can no longer be told. */
  use(nonce: string, issuedAtMs: number, count: number): 'fresh' | 'replay' | 'forgotten' {
    const entry = this.highest.get(nonce);
    if (entry !== undefined) {
      if (count <= entry.count) return 'replay';
      entry.count = count;
      return 'fresh';
    }
    if (issuedAtMs <= this.forgottenUntilMs) return 'forgotten';
    if (this.highest.size >= this.capacity) this.forgetOldest();
    this.highest.set(nonce, { count, issuedAtMs });
    return 'fresh';
  }

  private forgetOldest(): void {
    for (const [nonce, { issuedAtMs }] of this.highest) {
      this.highest.delete(nonce);
      this.forgottenUntilMs = Math.max(this.forgottenUntilMs, issuedAtMs);
      return;
    }
  }
}
