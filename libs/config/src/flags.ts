import path from 'node:path';
import { NightjarError } from '@nightjar/common';
import { stringify } from 'yaml';
import { parseCameraUrl } from './camera-url.js';
import { writeSecret } from './secrets.js';

/** A quick start without a file: `--camera front=rtsp://... --listen 8554 --data DIR`. */
export interface ConfigFlags {
  /** `name=url` each. */
  readonly cameras: readonly string[];
  /** Port of the RTSP server. */
  readonly listen?: number | undefined;
  readonly data: string;
}

/**
 * The YAML text of the file that says the same as the flags; every camera is recorded. Passwords in URLs are written to
 * `<data>/secrets/<camera>` (mode 0600) and referred to. Throws NightjarError `config/camera-flag`.
 */
export async function configFromFlags(flags: ConfigFlags): Promise<string> {
  const dataDir = path.resolve(flags.data);
  const cameras: Record<string, unknown> = {};
  for (const flag of flags.cameras) {
    const [name, camera] = await cameraOf(flag, path.join(dataDir, 'secrets'));
    if (Object.hasOwn(cameras, name)) throw badFlag(`--camera ${name} is given twice`);
    cameras[name] = camera;
  }
  return stringify({
    version: 1,
    dataDir,
    cameras,
    ...(flags.listen === undefined ? {} : { rtsp: { port: flags.listen } }),
  });
}

async function cameraOf(flag: string, secretsDir: string): Promise<[string, unknown]> {
  const equals = flag.indexOf('=');
  const name = flag.slice(0, Math.max(0, equals));
  if (!/^[a-z0-9][a-z0-9-]{0,62}$/.test(name)) {
    throw badFlag('--camera wants NAME=URL, the name of lower-case letters, digits and hyphens');
  }
  const given = flag.slice(equals + 1);
  const parsed = parseCameraUrl(given);
  if (!parsed.ok) throw badFlag(`--camera ${name}: ${parsed.reason}`);
  const { url, credentials } = parsed;
  if (credentials === undefined || credentials.password === '') {
    return [name, { streams: { main: { url: given } }, record: 'continuous' }];
  }
  const passwordFile = path.join(secretsDir, name);
  await writeSecret(passwordFile, credentials.password);
  return [
    name,
    {
      streams: { main: { url } },
      credentials: { username: credentials.username, passwordFile },
      record: 'continuous',
    },
  ];
}

function badFlag(message: string): NightjarError {
  return new NightjarError('invalid', 'config/camera-flag', message);
}
