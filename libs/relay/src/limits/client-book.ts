import { clientKey } from '@nightjar/access';

/** Open connections, of all and of each client. An IPv6 client is its /64. */
export class ClientBook {
  private readonly byClient = new Map<string, number>();
  private total = 0;

  get size(): number {
    return this.total;
  }

  of(address: string): number {
    return this.byClient.get(clientKey(address)) ?? 0;
  }

  enter(address: string): void {
    const key = clientKey(address);
    this.byClient.set(key, (this.byClient.get(key) ?? 0) + 1);
    this.total += 1;
  }

  leave(address: string): void {
    const key = clientKey(address);
    const left = (this.byClient.get(key) ?? 0) - 1;
    if (left > 0) this.byClient.set(key, left);
    else this.byClient.delete(key);
    this.total -= 1;
  }
}
