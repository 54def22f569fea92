import type { Mount } from '../rtsp-server/mount.js';

/** How many sessions there are of each stream, and how many publish. */
export class SessionBook {
  private readonly byStream = new Map<string, number>();
  private publishing = 0;

  get publishers(): number {
    return this.publishing;
  }

  /** Sessions that play what `mount` serves. */
  readersOf(mount: Mount): number {
    return this.byStream.get(nameOf(mount)) ?? 0;
  }

  enter(mount: Mount): void {
    if (mount.kind === 'publish') this.publishing += 1;
    else this.byStream.set(nameOf(mount), this.readersOf(mount) + 1);
  }

  leave(mount: Mount): void {
    if (mount.kind === 'publish') {
      this.publishing -= 1;
      return;
    }
    const left = this.readersOf(mount) - 1;
    if (left > 0) this.byStream.set(nameOf(mount), left);
    else this.byStream.delete(nameOf(mount));
  }
}

/** What counts as one stream. */
function nameOf({ kind, countedAs, shared = '' }: Mount): string {
  return `${kind} ${countedAs ?? shared}`;
}
