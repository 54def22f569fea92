import { stringify } from 'yaml';

/** One camera as it is written in the file, ready to be pasted. @param entry of `cameras` */
export function printCamera(name: string, entry: Readonly<Record<string, unknown>>): string {
  return stringify({ cameras: { [name]: entry } }, { lineWidth: 0 });
}
