/** Where play begins, by what is asked for (RFC 7826 s.18.47). */
export type SeekStyle = (typeof SEEK_STYLES)[number];

const SEEK_STYLES = ['RAP', 'CoRAP', 'First-Prior', 'Next'] as const;

/** Reads a Seek-Style header. Undefined for one that is not known: the server then does as it sees fit, and says how. */
export function parseSeekStyle(value: string): SeekStyle | undefined {
  const style = value.trim().toLowerCase();
  return SEEK_STYLES.find((known) => known.toLowerCase() === style);
}
