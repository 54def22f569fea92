import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { NightjarError } from '@nightjar/common';
import {
  ConfigError,
  configFromFlags,
  loadConfig,
  printIssue,
  type LoadedConfig,
} from '@nightjar/config';
import { lockDataDirectory } from '@nightjar/data-directory';
import { demoBanner, writeDemo, type Demo } from './demo.js';
import { runMachine } from './machine.js';
import { chooseSource, type ApplianceOptions, type ConfigSource } from './options.js';
import {
  checkPorts,
  freeLoopbackPort,
  prepareDataDirectory,
  type WantedPort,
} from './preflight.js';

export { HELP, parseArguments, type ApplianceOptions } from './options.js';

const DEFAULT_DATA_DIR = 'nightjar-data';

/**
 * Runs the recorder in the foreground: everything on this machine, until SIGTERM, SIGINT or SIGHUP. Settles with the exit code;
 * what went wrong has been printed by then.
 */
export async function runAppliance(options: ApplianceOptions): Promise<number> {
  let letGo: () => void = () => undefined;
  try {
    const source = chooseSource(options, process.env, process.cwd());
    const environment = environmentOf(options);
    const early = source.from === 'file' ? await loadConfig(source.file, environment) : undefined;
    const dataDir =
      early?.config.dataDir ?? path.resolve(environment['NIGHTJAR_DATA_DIR'] ?? DEFAULT_DATA_DIR);
    prepareDataDirectory(dataDir);
    const lock = lockDataDirectory(dataDir);
    letGo = () => lock.release();
    const cameraPort = await freeLoopbackPort();
    const { configFile, demo } = await writeConfig(source, options, dataDir, cameraPort);
    const childEnvironment = {
      ...environment,
      NIGHTJAR_CONFIG: configFile,
      NIGHTJAR_DATA_DIR: dataDir,
    };
    const loaded = early ?? (await loadConfig(configFile, childEnvironment));
    await checkPorts(wantedPorts(loaded, source), lock.tookOver);
    return await runMachine({
      loaded,
      environment: childEnvironment,
      cameras: demo && { port: cameraPort, login: demo.cameraLogin },
      onServing: () => {
        if (demo !== undefined) console.log(demoBanner(loaded.config, demo.login, Date.now()));
      },
    });
  } catch (error) {
    explain(error);
    return 1;
  } finally {
    letGo();
  }
}

function environmentOf({ dataDir }: ApplianceOptions): NodeJS.ProcessEnv {
  return dataDir === undefined
    ? process.env
    : { ...process.env, NIGHTJAR_DATA_DIR: path.resolve(dataDir) };
}

/** The configuration as a file, which is what every role reads and watches. */
async function writeConfig(
  source: ConfigSource,
  options: ApplianceOptions,
  dataDir: string,
  cameraPort: number,
): Promise<{ readonly configFile: string; readonly demo?: Demo }> {
  if (source.from === 'file') return { configFile: source.file };
  if (source.from === 'demo') {
    const demo = writeDemo(dataDir, cameraPort, options);
    return { configFile: demo.configFile, demo };
  }
  const configFile = path.join(dataDir, 'run', 'nightjar.yaml');
  const { cameras } = source;
  const text = await configFromFlags({ cameras, listen: options.listen, data: dataDir });
  const ports = (['http', 'operations'] as const).flatMap((section) =>
    options[section] === undefined ? [] : [`${section}: { port: ${options[section]} }\n`],
  );
  writeFileSync(configFile, text + ports.join(''), { mode: 0o600 });
  return { configFile };
}

function wantedPorts({ config }: LoadedConfig, source: ConfigSource): WantedPort[] {
  const remedy = (flag: string, key: string): string =>
    source.from === 'file' ? `${key}.port in ${source.file}` : `--${flag} PORT`;
  const { host, tls } = config.rtsp;
  const tlsPort = tls?.port === undefined ? [] : [{ host, port: tls.port }];
  return [
    { ...config.rtsp, use: 'RTSP', remedy: remedy('listen', 'rtsp') },
    ...tlsPort.map((wanted) => ({
      ...wanted,
      use: 'RTSP over TLS',
      remedy: remedy('listen', 'rtsp.tls'),
    })),
    { ...config.http, use: 'HTTP', remedy: remedy('http', 'http') },
    { ...config.operations, use: 'metrics and health', remedy: remedy('operations', 'operations') },
  ];
}

/** One line with the remedy for what we know, everything for what we do not. */
function explain(error: unknown): void {
  if (error instanceof ConfigError) {
    const count = error.issues.length === 1 ? 'a mistake' : `${error.issues.length} mistakes`;
    console.error(`nightjar: the configuration has ${count}, nothing was started:`);
    for (const issue of error.issues) console.error(printIssue(issue));
  } else if (error instanceof NightjarError && error.kind !== 'internal') {
    console.error(`nightjar: ${error.message}`);
  } else {
    console.error('nightjar: unexpected failure:', error);
  }
}
