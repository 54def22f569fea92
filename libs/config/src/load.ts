import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { messageOf } from '@nightjar/common';
import { checkFile } from './checks.js';
import type { Report } from './report.js';
import { ConfigText, MAX_CONFIG_BYTES } from './config-text.js';
import { errnoWords } from './errno.js';
import { byPosition, ConfigError, type ConfigIssue } from './issue.js';
import type { NightjarConfig } from './model.js';
import { explain } from './schema-issues.js';
import { fileSchema, type ConfigFile } from './schema.js';
import type { Environment } from './secrets.js';
import { readManaged, type Managed } from './managed-file.js';
import { dataDirOf, toConfig } from './to-config.js';

export interface LoadedConfig {
  readonly config: NightjarConfig;
  /** What works but should be changed. */
  readonly warnings: readonly ConfigIssue[];
  /** As it was read. */
  readonly text: string;
}

/** Reads and checks a YAML or JSON file. Throws ConfigError with everything that is wrong with it, nothing else. */
export async function loadConfig(
  file: string,
  environment: Environment = process.env,
): Promise<LoadedConfig> {
  return parseConfig(await readText(file), file, environment);
}

/** As {@link loadConfig}, for text at hand; `file` names it in messages and is where its relative paths start. */
export async function parseConfig(
  text: string,
  file: string,
  environment: Environment,
): Promise<LoadedConfig> {
  const source = new ConfigText(file, text);
  const issues: ConfigIssue[] = [];
  const warnings: ConfigIssue[] = [];
  const report: Report = (path, message, at) => issues.push(source.issue(path, message, at));
  const warn: Report = (path, message, at) => warnings.push(source.issue(path, message, at));

  const parsed = fileSchema.safeParse(source.value);
  let sound: ConfigFile;
  let broken = new Set<string>();
  if (parsed.success) {
    sound = parsed.data;
  } else {
    issues.push(...parsed.error.issues.flatMap((issue) => explain(issue, source)));
    broken = new Set(parsed.error.issues.map((issue) => String(issue.path[0] ?? '')));
    sound = soundPart(source.value, parsed.error.issues);
  }
  const baseDir = path.dirname(path.resolve(file));
  const { cameras, addresses } = await managedIn(dataDirOf(sound, { baseDir, environment }), warn);
  const declared = cameraNames(source.value);
  const added = Object.entries(cameras).filter(([name]) => !declared.has(name));
  const names = new Set([...declared, ...added.map(([name]) => name)]);
  checkFile(sound, { cameras: names, broken }, report, warn);
  const whole = { ...sound, cameras: { ...sound.cameras, ...Object.fromEntries(added) } };
  const managed = new Set(added.map(([name]) => name));
  const config = await toConfig(whole, {
    baseDir,
    environment,
    report,
    warn,
    managed,
    addresses,
  });
  if (issues.length > 0) throw new ConfigError(file, issues.sort(byPosition));
  return { config, warnings: warnings.sort(byPosition), text };
}

/** What Nightjar keeps itself; what of it makes no sense is left out. */
async function managedIn(
  dataDir: string,
  warn: Report,
): Promise<{ cameras: ConfigFile['cameras']; addresses: Managed['addresses'] }> {
  try {
    const managed = await readManaged(dataDir);
    const cameras: ConfigFile['cameras'] = {};
    for (const [name, entry] of Object.entries(managed.cameras)) {
      const parsed = fileSchema.shape.cameras.safeParse({ [name]: entry });
      if (parsed.success) Object.assign(cameras, parsed.data);
      else warn([], `the managed camera "${name}" is left out: it is not valid any more`);
    }
    return { cameras, addresses: managed.addresses };
  } catch (error) {
    warn([], messageOf(error));
    return { cameras: {}, addresses: {} };
  }
}

async function readText(file: string): Promise<string> {
  const refuse = (message: string): ConfigError =>
    new ConfigError(file, [{ file, line: 1, column: 1, path: '', message }]);
  try {
    const { size } = await stat(file);
    if (size <= MAX_CONFIG_BYTES) return await readFile(file, 'utf8');
  } catch (error) {
    throw refuse(`cannot read the configuration: ${errnoWords(error)}`);
  }
  throw refuse(`larger than ${MAX_CONFIG_BYTES} bytes`);
}

const NAMED_SECTIONS: readonly string[] = ['cameras', 'users', 'volumes', 'groups', 'schedules'];

/** The file without the entries that the schema refused, so that the rest is still checked in the same run. */
function soundPart(
  value: unknown,
  issues: readonly { readonly path: readonly PropertyKey[]; readonly code: string }[],
): ConfigFile {
  if (!isMap(value)) return fileSchema.parse({ version: 1 });
  const known = new Set(Object.keys(fileSchema.shape));
  const rest: Record<string, unknown> = Object.fromEntries(
    Object.entries({ ...value, version: 1 }).filter(([key]) => known.has(key)),
  );
  for (const { path } of issues) {
    const [section, name] = path.map(String);
    if (section === undefined || section === 'version') continue;
    const entries = rest[section];
    if (name !== undefined && NAMED_SECTIONS.includes(section) && isMap(entries)) {
      rest[section] = Object.fromEntries(Object.entries(entries).filter(([key]) => key !== name));
    } else {
      delete rest[section];
    }
  }
  return fileSchema.parse(rest);
}

function cameraNames(value: unknown): Set<string> {
  const cameras = isMap(value) ? value['cameras'] : undefined;
  return new Set(isMap(cameras) ? Object.keys(cameras) : []);
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
