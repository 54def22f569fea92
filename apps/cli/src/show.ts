import type { Output } from './command.js';

/** What every verb is asked with. */
export interface Asked {
  readonly configFile: string | undefined;
  readonly json: boolean;
}

/** One JSON document, or lines for people. */
export function show(
  { json }: Asked,
  { out }: Output,
  document: unknown,
  lines: () => readonly string[],
): void {
  if (json) out(JSON.stringify(document, undefined, 2));
  else for (const line of lines()) out(line);
}
