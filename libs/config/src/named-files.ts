import path from 'node:path';
import { ConfigText } from './config-text.js';
import type { Environment } from './secrets.js';
import { dataDirOf } from './to-config.js';

/** What a configuration says of files beside it, without reading them. */
export interface NamedFiles {
  /** Absolute. */
  readonly dataDir: string;
  /** Secrets, keys and certificates, as they are named: relative to the configuration, or absolute. Each once. */
  readonly files: readonly string[];
}

/**
 * Which files a configuration names. It is not checked: what makes no sense names nothing.
 * @param managed what Nightjar added to it, as it was read
 * @throws ConfigError for text that is neither YAML nor JSON
 */
export function filesNamedIn(
  text: string,
  file: string,
  environment: Environment,
  managed: unknown = {},
): NamedFiles {
  const { value } = new ConfigText(file, text);
  const dataDir =
    typeof value === 'object' && value !== null && 'dataDir' in value ? value.dataDir : undefined;
  const files = new Set<string>();
  collect(value, files);
  collect(managed, files);
  return {
    dataDir: dataDirOf(typeof dataDir === 'string' ? { dataDir } : {}, {
      environment,
      baseDir: path.dirname(path.resolve(file)),
    }),
    files: [...files],
  };
}

/** Every key that names one ends with File; `file` and `path` alone are media and volumes. */
function collect(value: unknown, files: Set<string>): void {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, child] of Object.entries(value)) {
    if (typeof child === 'string' && key.endsWith('File')) files.add(child);
    else collect(child, files);
  }
}
