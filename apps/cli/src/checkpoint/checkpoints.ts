import { readFile, writeFile } from 'node:fs/promises';
import type { StoredCheckpoint } from '@nightjar/catalog';
import { messageOf, NightjarError } from '@nightjar/common';
import type { NightjarConfig } from '@nightjar/config';
import {
  compareDay,
  keptSigningKey,
  parsePayload,
  publicKeyOf,
  signingKeyFile,
  verifyCheckpoints,
} from '@nightjar/integrity';
import { EXIT_FAILED, EXIT_OK, type Output } from '../command.js';
import { readConfig, withCatalog } from '../open-archive.js';

export interface CheckpointOptions {
  readonly configFile: string | undefined;
  /** As `2026-11-20`, both included. */
  readonly days: { readonly from: string; readonly to: string };
  readonly json: boolean;
  readonly out: Output['out'];
}

/** What `checkpoint export` writes. Whoever verifies it should have the key from elsewhere. */
interface Exported {
  readonly publicKey: string;
  readonly checkpoints: readonly StoredCheckpoint[];
}

/** Prints the checkpoints of the catalog; returns the exit code. */
export async function listCheckpoints(options: CheckpointOptions): Promise<number> {
  const rows = (await stored(await readConfig(options.configFile), options)).map(
    ({ day, keyId, payload }) => ({ day, keyId, streams: parsePayload(payload).streams }),
  );
  if (options.json) options.out(JSON.stringify(rows, undefined, 2));
  else
    for (const { day, keyId, streams } of rows) {
      const segments = streams.reduce((sum, stream) => sum + stream.segments, 0);
      options.out(`${day}  ${streams.length} streams, ${segments} segments, key ${keyId}`);
    }
  return EXIT_OK;
}

/** Writes them where others can verify them; returns the exit code. */
export async function exportCheckpoints(
  options: CheckpointOptions,
  file: string | undefined,
): Promise<number> {
  const config = await readConfig(options.configFile);
  const exported: Exported = {
    publicKey: await ownKey(config),
    checkpoints: await stored(config, options),
  };
  const text = JSON.stringify(exported, undefined, 2);
  if (file === undefined) options.out(text);
  else await writeFile(file, `${text}\n`);
  return EXIT_OK;
}

/**
 * Verifies the checkpoints of the catalog, or of an export, and the archive against them; returns the exit code.
 * @param keyFile public key that is trusted, PEM; that of this installation when left out
 */
export async function verifyArchive(
  options: CheckpointOptions,
  file: string | undefined,
  keyFile: string | undefined,
): Promise<number> {
  const config = await readConfig(options.configFile);
  const checkpoints =
    file === undefined ? await stored(config, options) : within(await readExport(file), options);
  const key = keyFile === undefined ? await ownKey(config) : await readFile(keyFile, 'utf8');
  const verdicts = verifyCheckpoints(checkpoints, key);
  const results = await withCatalog(config, async ({ integrity }) => {
    const found: { day: string; keyId: string; problems: string[] }[] = [];
    for (const [index, { day, keyId, problems }] of verdicts.entries()) {
      const payload = checkpoints[index]?.payload ?? '';
      const differences =
        problems.length > 0
          ? []
          : compareDay(parsePayload(payload).streams, await integrity.streamDays(day));
      found.push({ day, keyId, problems: [...problems, ...differences] });
    }
    return found;
  });
  const wrong = results.filter(({ problems }) => problems.length > 0);
  if (options.json) options.out(JSON.stringify(results, undefined, 2));
  else {
    for (const { day, problems } of wrong)
      for (const line of problems) options.out(`${day}: ${line}`);
    options.out(`${results.length} checkpoints, ${wrong.length} with problems`);
  }
  return wrong.length === 0 ? EXIT_OK : EXIT_FAILED;
}

function stored(config: NightjarConfig, { days }: CheckpointOptions): Promise<StoredCheckpoint[]> {
  return withCatalog(config, ({ integrity }) => integrity.checkpoints(days.from, days.to));
}

function within(
  checkpoints: readonly StoredCheckpoint[],
  { days }: CheckpointOptions,
): StoredCheckpoint[] {
  return checkpoints.filter(({ day }) => day >= days.from && day <= days.to);
}

async function ownKey({ dataDir }: NightjarConfig): Promise<string> {
  return publicKeyOf(await keptSigningKey(signingKeyFile(dataDir)));
}

async function readExport(file: string): Promise<readonly StoredCheckpoint[]> {
  try {
    const { checkpoints } = JSON.parse(await readFile(file, 'utf8')) as Partial<Exported>;
    if (
      Array.isArray(checkpoints) &&
      checkpoints.every((one) =>
        ['day', 'payload', 'signature', 'keyId'].every(
          (field) => typeof (one as unknown as Record<string, unknown>)[field] === 'string',
        ),
      )
    )
      return checkpoints;
  } catch (error) {
    throw new NightjarError('invalid', 'cli/checkpoint', `${file}: ${messageOf(error)}`);
  }
  throw new NightjarError('invalid', 'cli/checkpoint', `${file} is no export of checkpoints`);
}
