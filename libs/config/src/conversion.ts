import type { Report } from './report.js';
import type { CameraCredentials } from './model.js';
import type { CameraEntry, PasswordReference, UrlReference } from './schema.js';
import { readSecret, type Environment } from './secrets.js';

export interface ConversionContext {
  /** Folder of the file: relative paths in it start here. */
  readonly baseDir: string;
  readonly environment: Environment;
  readonly report: Report;
  readonly warn: Report;
  /** Names of cameras that Nightjar keeps itself. */
  readonly managed: ReadonlySet<string>;
  /** Hosts at which cameras were found last, by camera. */
  readonly addresses: Readonly<Record<string, string>>;
}

export function hasPassword({ passwordFile, passwordEnv }: PasswordReference): boolean {
  return (passwordFile ?? passwordEnv) !== undefined;
}

export async function readPassword(
  reference: PasswordReference,
  at: string[],
  context: ConversionContext,
): Promise<string> {
  const { passwordFile: file, passwordEnv: env } = reference;
  if ((file === undefined) === (env === undefined)) return '';
  const secret = await readSecret({ file, env }, context.baseDir, context.environment);
  if (secret.ok) return secret.value;
  context.report([...at, file === undefined ? 'passwordEnv' : 'passwordFile'], secret.reason);
  return '';
}

export async function readUrl(
  { url, urlFile: file, urlEnv: env }: UrlReference,
  section: string,
  context: ConversionContext,
): Promise<string | undefined> {
  if (url !== undefined || (file === undefined && env === undefined)) return url;
  const secret = await readSecret({ file, env }, context.baseDir, context.environment);
  if (secret.ok) return secret.value;
  context.report([section, file === undefined ? 'urlEnv' : 'urlFile'], secret.reason);
  return undefined;
}

/** A login at a camera, as far as one is written. */
export async function toLogin(
  login: CameraEntry['credentials'],
  at: string[],
  context: ConversionContext,
): Promise<CameraCredentials | undefined> {
  return login && { username: login.username, password: await readPassword(login, at, context) };
}

/** Without a prototype: `constructor` is a valid camera name, and names come in from URLs. */
export async function mapRecord<A, B>(
  record: Readonly<Record<string, A>>,
  map: (value: A, key: string) => B | Promise<B>,
): Promise<Record<string, B>> {
  const result: Record<string, B> = Object.create(null);
  for (const [key, value] of Object.entries(record)) result[key] = await map(value, key);
  return result;
}
