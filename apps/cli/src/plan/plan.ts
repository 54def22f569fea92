import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { messageOf, NightjarError } from '@nightjar/common';
import {
  ConfigError,
  diffConfig,
  isEmptyDiff,
  loadConfig,
  parseConfig,
  readApplied,
  type ConfigDiff,
  type LoadedConfig,
  type NightjarConfig,
} from '@nightjar/config';
import { withCatalog } from '../open-archive.js';
import { deletionsBecauseOf, type Deletion } from './deletions.js';
import { disturbancesOf, readersOf, type Disturbance, type ReaderCount } from './disturbances.js';

const ANSWER_MS = 3_000;

/** By name. */
export interface UserChanges {
  readonly added: readonly string[];
  /** What they play or publish ends. */
  readonly removed: readonly string[];
  /** What they may no longer do ends. */
  readonly changed: readonly string[];
}

/** What a configuration would change in the Nightjar that runs. */
export interface ConfigurationPlan {
  /** The file that Nightjar follows. */
  readonly file: string;
  /** Whether nothing is left to do. */
  readonly upToDate: boolean;
  readonly cameras: ConfigDiff['cameras'];
  readonly users: UserChanges;
  /** Other keys that take effect at once. */
  readonly live: readonly string[];
  /** Keys that differ from what the process began with. */
  readonly afterRestart: readonly string[];
  readonly disturbed: readonly Disturbance[];
  /** Undefined when it could not be found out; `notes` says why. */
  readonly deletions: readonly Deletion[] | undefined;
  readonly notes: readonly string[];
}

/**
 * Compares a configuration with what runs. `candidate` undefined: the file itself, as it is now.
 *
 * @throws ConfigError for a candidate that is not valid, NightjarError `unavailable` when nothing has run yet
 */
export async function planConfiguration(
  configFile: string,
  candidate: string | undefined,
): Promise<ConfigurationPlan> {
  const { config: after } = await (candidate === undefined
    ? loadConfig(configFile)
    : loadCandidate(candidate, configFile));
  const applied = await readApplied(after.dataDir);
  const running = (which: 'started' | 'accepted'): Promise<NightjarConfig> =>
    parseConfig(applied[which], applied.file, process.env).then(({ config }) => config);
  const before = await running('accepted');
  const diff = diffConfig(before, after);
  const { restartOnly } = diffConfig(await running('started'), after);
  const notes: string[] = [];
  const asked = async <T>(what: string, ask: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await ask();
    } catch (error) {
      notes.push(`${what}: ${messageOf(error)}`);
      return undefined;
    }
  };
  const readers = await asked('readers are not known', () => countReaders(before));
  const deletions = await asked('what retention would delete is not known', () =>
    withCatalog(before, (catalog) => deletionsBecauseOf(catalog, before, after)),
  );
  return {
    file: path.resolve(configFile),
    upToDate: isEmptyDiff({ ...diff, restartOnly }),
    cameras: diff.cameras,
    users: userChanges(before.users, after.users),
    live: diff.live,
    afterRestart: restartOnly,
    disturbed: disturbancesOf({ before, after }, diff, readers ?? (() => undefined)),
    deletions,
    notes,
  };
}

function userChanges(before: NightjarConfig['users'], after: NightjarConfig['users']): UserChanges {
  const [old, next] = [Object.keys(before), Object.keys(after)];
  return {
    added: next.filter((name) => !Object.hasOwn(before, name)),
    removed: old.filter((name) => !Object.hasOwn(after, name)),
    changed: next.filter(
      (name) => Object.hasOwn(before, name) && !isDeepStrictEqual(before[name], after[name]),
    ),
  };
}

/** Relative paths of a candidate start where it will be. */
async function loadCandidate(candidate: string, configFile: string): Promise<LoadedConfig> {
  try {
    return await parseConfig(await readCandidate(candidate), configFile, process.env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new ConfigError(
      candidate,
      error.issues.map((issue) => ({ ...issue, file: candidate })),
    );
  }
}

async function readCandidate(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new NightjarError('not-found', 'cli/no-candidate', messageOf(error), { file }, error);
  }
}

async function countReaders({ operations }: NightjarConfig): Promise<ReaderCount> {
  const host = operations.host === '0.0.0.0' ? '127.0.0.1' : operations.host;
  const url = `http://${host}:${operations.port}/metrics`;
  const answer = await fetch(url, { signal: AbortSignal.timeout(ANSWER_MS) }).catch(
    (error: unknown) => {
      throw new NightjarError(
        'unavailable',
        'cli/no-operations',
        `nobody answers at ${url}`,
        {},
        error,
      );
    },
  );
  return readersOf(await answer.text());
}
