import { existsSync } from 'node:fs';
import path from 'node:path';
import type { OnvifLogin } from './onvif-client.js';
import { runProgram } from './program.js';

/** Where `npm run onvif-schemas` puts the WSDLs of ONVIF. */
const FOLDER = path.join(import.meta.dirname, '../../../node_modules/.cache/nightjar-onvif');

/** Whether they are there. */
export const hasSchemas = existsSync(FOLDER);

export interface OnvifCheck {
  readonly answered: number;
  /** Answers that the schemas do not have, or that python3-zeep, strict, did not take. */
  readonly invalid: readonly string[];
  /** Operations that are there and were not called. */
  readonly untried: readonly string[];
  /** Operation and subcodes. */
  readonly faults: readonly string[];
  readonly found: Readonly<Record<string, unknown>>;
}

/** Has python3-zeep call whatever a device offers. */
export async function checkOnvif(
  url: string,
  { username, password }: OnvifLogin,
  ...flags: readonly string[]
): Promise<OnvifCheck> {
  const script = path.join(import.meta.dirname, 'onvif-check.py');
  const args = [script, FOLDER, url, username, password, ...flags];
  const { code, stdout, stderr } = await runProgram('/usr/bin/python3', args);
  if (code !== 0) throw new Error(`zeep ended with ${code}: ${stderr}`);
  return JSON.parse(stdout) as OnvifCheck;
}
