import { EventEmitter } from 'node:events';
import { existsSync, watch, type FSWatcher } from 'node:fs';
import { realpath } from 'node:fs/promises';
import path from 'node:path';
import { messageOf, systemClock, type Clock, type Timer } from '@nightjar/common';
import { diffConfig, isEmptyDiff, type ConfigDiff } from './diff.js';
import { ConfigError } from './issue.js';
import { loadConfig } from './load.js';
import { MANAGED_FILE } from './managed-file.js';
import type { NightjarConfig } from './model.js';
import type { Environment } from './secrets.js';

export interface ConfigWatcherEvents {
  /** A valid file that differs, or the same again after an invalid one (then the diff is empty). */
  changed: [{ readonly config: NightjarConfig; readonly diff: ConfigDiff }];
  /** The file became invalid; {@link ConfigWatcher.config} stays as it was. */
  invalid: [{ readonly error: ConfigError }];
  /** The system refuses to watch a folder; `reload()` still works. */
  unwatched: [{ readonly folder: string; readonly reason: string }];
}

/** Editors and ConfigMap updates touch a file several times within this. */
export const DEBOUNCE_MS = 200;

/** Follows a configuration file: edits in place, atomic renames, symlinks and ConfigMap swaps. */
export class ConfigWatcher extends EventEmitter<ConfigWatcherEvents> {
  private current: NightjarConfig;
  private currentText: string | undefined;
  private wasInvalid = false;
  private stopped = false;
  private readonly watchers = new Map<string, FSWatcher>();
  /** File names that matter in the watched folders. */
  private names: ReadonlySet<string> = new Set();
  private debounce: Timer | undefined;
  private reloading: Promise<void> = Promise.resolve();

  constructor(
    private readonly options: {
      readonly file: string;
      /** The configuration already in force, from loadConfig. */
      readonly config: NightjarConfig;
      /** What that was read from. */
      readonly text?: string;
      readonly environment?: Environment;
      readonly clock?: Clock;
    },
  ) {
    super();
    this.current = options.config;
    this.currentText = options.text;
  }

  /** The last valid configuration. */
  get config(): NightjarConfig {
    return this.current;
  }

  /** What {@link ConfigWatcher.config} was read from; undefined when that was not told and the file did not change yet. */
  get text(): string | undefined {
    return this.currentText;
  }

  /** Begins to watch; what changed since the configuration was loaded is noticed at once. */
  async start(): Promise<void> {
    await this.watchFolders();
    await this.reload();
  }

  stop(): void {
    this.stopped = true;
    this.debounce?.cancel();
    for (const watcher of this.watchers.values()) watcher.close();
    this.watchers.clear();
  }

  /** Reads the file now, as on SIGHUP. Never rejects: what is wrong is told by `invalid`. */
  reload(): Promise<void> {
    this.reloading = this.reloading.then(() => this.readAgain());
    return this.reloading;
  }

  private async readAgain(): Promise<void> {
    if (this.stopped) return;
    try {
      const { config, text } = await loadConfig(this.options.file, this.options.environment);
      this.currentText = text;
      this.accept(config);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      this.wasInvalid = true;
      if (!this.stopped) this.emit('invalid', { error });
    }
    await this.watchFolders();
  }

  private accept(config: NightjarConfig): void {
    const diff = diffConfig(this.current, config);
    const news = this.wasInvalid || !isEmptyDiff(diff);
    this.current = config;
    this.wasInvalid = false;
    if (news && !this.stopped) this.emit('changed', { config, diff });
  }

  /** The folder of the name and, behind symlinks, that of the file itself. */
  private async watchFolders(): Promise<void> {
    const file = path.resolve(this.options.file);
    const target = await realpath(file).catch(() => file);
    const { dataDir } = this.current;
    const wanted = new Set([path.dirname(file), path.dirname(target)]);
    // Cameras that were adopted, and where they are.
    if (existsSync(dataDir)) wanted.add(dataDir);
    this.names = new Set([path.basename(file), path.basename(target), MANAGED_FILE]);
    if (this.stopped) return;
    for (const [folder, watcher] of this.watchers) {
      if (wanted.has(folder)) continue;
      watcher.close();
      this.watchers.delete(folder);
    }
    for (const folder of wanted) {
      if (!this.watchers.has(folder)) this.watchFolder(folder);
    }
  }

  private watchFolder(folder: string): void {
    try {
      const watcher = watch(folder, { persistent: false }, (_event, name) => {
        // `..data` is the symlink that Kubernetes swaps when a ConfigMap changes.
        if (name === null || this.names.has(name) || name.startsWith('..')) this.touch();
      });
      watcher.on('error', () => {
        watcher.close();
        this.watchers.delete(folder);
        this.touch();
      });
      this.watchers.set(folder, watcher);
    } catch (error) {
      this.emit('unwatched', { folder, reason: messageOf(error) });
    }
  }

  private touch(): void {
    if (this.stopped) return;
    this.debounce?.cancel();
    const clock = this.options.clock ?? systemClock;
    this.debounce = clock.setTimer(DEBOUNCE_MS, () => void this.reload());
  }
}
