import path from 'node:path';
import type { OnvifLogin } from './onvif-client.js';
import { runProgram } from './program.js';

/** Folder with the `wsdl/` tree of the ONVIF specifications, and beside it, by host and path, what they import. */
export const WSDL_FOLDER = process.env['NIGHTJAR_ONVIF_WSDL'];

export interface OnvifCheck {
  readonly answered: number;
  /** Answers that python3-zeep, strict, did not take. */
  readonly invalid: readonly string[];
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
  const args = [script, WSDL_FOLDER ?? '', url, username, password, ...flags];
  const { code, stdout, stderr } = await runProgram('/usr/bin/python3', args);
  if (code !== 0) throw new Error(`zeep ended with ${code}: ${stderr}`);
  return JSON.parse(stdout) as OnvifCheck;
}
