import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const TIMEOUT_MS = 20_000;

function run(command: string, ...args: string[]): void {
  execFileSync(command, args, { stdio: 'pipe', timeout: TIMEOUT_MS });
}

/** Real file systems in a folder of their own, all of them gone after {@link clear}. Needs root and loop devices. */
export class Mounts {
  readonly folder = mkdtempSync(join(tmpdir(), 'nightjar-mounts-'));
  private readonly frozen = new Set<string>();

  /** Why this machine cannot mount file systems; undefined when it can. */
  static whyNot(): string | undefined {
    const mounts = new Mounts();
    try {
      mounts.ext4('try');
      return undefined;
    } catch (error) {
      const said = (error as { stderr?: Buffer }).stderr?.toString() || String(error);
      return `file systems cannot be mounted here: ${said.trim().split('\n')[0]}`;
    } finally {
      mounts.clear();
    }
  }

  at(name: string): string {
    return join(this.folder, name);
  }

  /** A file system in memory. */
  tmpfs(name: string, mebibytes: number): string {
    const path = this.mountPoint(name);
    run('mount', '-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'nightjar-test', path);
    return path;
  }

  /** An ext4 of 16 MiB on a sparse file. @param image where that file lies */
  ext4(name: string, image = this.at(`${name}.img`)): string {
    writeFileSync(image, '');
    truncateSync(image, 16 * 2 ** 20);
    run('mke2fs', '-q', '-F', '-t', 'ext4', '-E', 'lazy_itable_init=0', image);
    return this.mountImage(name, image);
  }

  /** Mounts an image that was made before. */
  mountImage(name: string, image = this.at(`${name}.img`)): string {
    const path = this.mountPoint(name);
    run('mount', '-o', 'loop', image, path);
    return path;
  }

  /** What the kernel does to an ext4 whose disk has failed it: from now on it can only be read. */
  abort(path: string): void {
    run('mount', '-o', 'remount,abort', path);
  }

  /** Every write waits, in the kernel, until {@link thaw}. */
  freeze(path: string): void {
    this.frozen.add(path);
    run('fsfreeze', '-f', path);
  }

  thaw(path: string): void {
    run('fsfreeze', '-u', path);
    this.frozen.delete(path);
  }

  /** Lets everything write again: what waits for a frozen file system cannot be ended. */
  thawAll(): void {
    for (const path of this.frozen) this.thaw(path);
  }

  /** Takes a file system away from under whoever uses it. */
  vanish(path: string): void {
    run('umount', '-l', path);
  }

  /** As an operator does: fails while anything is open there. */
  unmount(path: string): void {
    run('umount', path);
  }

  repair(image: string): void {
    try {
      run('e2fsck', '-y', image);
    } catch (error) {
      // 1: errors were corrected.
      if ((error as { status?: number }).status !== 1) throw error;
    }
  }

  /** Unmounts and removes everything, in whatever state it is. */
  clear(): void {
    this.thawAll();
    const mounted = readFileSync('/proc/self/mounts', 'utf8')
      .split('\n')
      .map((line) => line.split(' ')[1] ?? '')
      .filter((path) => path.startsWith(`${this.folder}/`));
    for (const path of mounted.toReversed()) this.vanish(path);
    rmSync(this.folder, { recursive: true, force: true });
  }

  private mountPoint(name: string): string {
    const path = this.at(name);
    mkdirSync(path, { recursive: true });
    return path;
  }
}
