/** Where a command writes; lines without their line break. */
export interface Output {
  readonly out: (line: string) => void;
  readonly err: (line: string) => void;
}

export interface Command {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** What `nightjar <command> --help` prints. */
  readonly usage: string;
  /**
   * Runs with the arguments after the command's name and returns the exit code. Throws NightjarError for what the
   * operator can mend, UsageError for arguments that make no sense.
   */
  readonly run: (args: readonly string[], output: Output) => Promise<number>;
}

export const EXIT_OK = 0;
export const EXIT_FAILED = 1;
export const EXIT_USAGE = 2;

/** The arguments make no sense; exit code 2. */
export class UsageError extends Error {}
