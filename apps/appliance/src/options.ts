import { existsSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { NightjarError, messageOf } from '@nightjar/common';
import type { Environment } from '@nightjar/config';

/** What the caller of the appliance asks for. Undefined = not asked. */
export interface ApplianceOptions {
  readonly configFile?: string | undefined;
  /** `name=url` each: a quick start without a file. */
  readonly cameras?: readonly string[] | undefined;
  /** RTSP port; as the other ports, for quick start and demo alone. */
  readonly listen?: number | undefined;
  readonly http?: number | undefined;
  readonly operations?: number | undefined;
  readonly dataDir?: string | undefined;
  /** Runs the demo even where there is a nightjar.yaml. */
  readonly demo?: boolean | undefined;
}

export const HELP = `Runs the recorder with all it needs on this machine.

  --config FILE        configuration; default NIGHTJAR_CONFIG, then ./nightjar.yaml
  --camera NAME=URL    quick start without a file: record this camera; may be repeated
  --data DIR           data directory; default NIGHTJAR_DATA_DIR, then ./nightjar-data
  --demo               simulated cameras; the default when nothing above is given
  --listen PORT        RTSP port (8554)          } quick start and demo;
  --http PORT          HTTP port (8080)          } a file has rtsp.port,
  --operations PORT    operations port (9464)    } http.port, operations.port
`;

/** Reads command-line arguments. Throws NightjarError `appliance/arguments`. Undefined = help was asked for. */
export function parseArguments(args: readonly string[]): ApplianceOptions | undefined {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        config: { type: 'string' },
        camera: { type: 'string', multiple: true },
        data: { type: 'string' },
        demo: { type: 'boolean' },
        listen: { type: 'string' },
        http: { type: 'string' },
        operations: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    });
    if (values.help === true) return undefined;
    return {
      configFile: values.config,
      cameras: values.camera,
      listen: portOf('listen', values.listen),
      http: portOf('http', values.http),
      operations: portOf('operations', values.operations),
      dataDir: values.data,
      demo: values.demo,
    };
  } catch (error) {
    const message = `${messageOf(error).split('. ')[0]}; --help shows what there is`;
    throw new NightjarError('invalid', 'appliance/arguments', message, {}, error);
  }
}

function portOf(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port;
  throw new NightjarError(
    'invalid',
    'appliance/arguments',
    `--${flag} wants a port from 0 to 65535`,
  );
}

/** Where the configuration comes from. */
export type ConfigSource =
  | { readonly from: 'file'; readonly file: string }
  | { readonly from: 'flags'; readonly cameras: readonly string[] }
  | { readonly from: 'demo' };

/** Flags win over the environment, that over ./nightjar.yaml; with none of them it is the demo. Throws when flags contradict. */
export function chooseSource(
  options: ApplianceOptions,
  environment: Environment,
  cwd: string,
): ConfigSource {
  const { configFile, cameras = [], demo = false } = options;
  const asked = [
    configFile !== undefined && '--config',
    cameras.length > 0 && '--camera',
    demo && '--demo',
  ].filter((flag) => flag !== false);
  if (asked.length > 1) throw contradiction(`${asked.join(' and ')} do not go together`);
  if (demo) return { from: 'demo' };
  if (cameras.length > 0) return { from: 'flags', cameras };
  const file = configFile ?? (environment['NIGHTJAR_CONFIG'] || presentFile(cwd));
  if (file === undefined) return { from: 'demo' };
  for (const [flag, key] of [
    ['listen', 'rtsp'],
    ['http', 'http'],
    ['operations', 'operations'],
  ] as const) {
    if (options[flag] !== undefined)
      throw contradiction(
        `--${flag} does not go with a configuration file: set ${key}.port in ${file}`,
      );
  }
  return { from: 'file', file: path.resolve(cwd, file) };
}

function presentFile(cwd: string): string | undefined {
  const file = path.join(cwd, 'nightjar.yaml');
  return existsSync(file) ? file : undefined;
}

function contradiction(message: string): NightjarError {
  return new NightjarError('invalid', 'appliance/arguments', message);
}
