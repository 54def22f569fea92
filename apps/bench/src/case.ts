import type { Bench } from './bench.js';
import type { Figure } from './figures.js';
import type { Peer } from './peers.js';

/** One thing that the benchmark measures. A case starts what it needs through {@link Bench} and ends it before it resolves. */
export interface Case {
  /** What selects it on the command line: `npm run bench -- fan-out-tcp`. */
  readonly name: string;
  /** One line for `--list`. */
  readonly summary: string;
  /** Whether it runs when no case is named; the long ones do not. */
  readonly default: boolean;
  /** @param peers relays given with `--peer`, to be measured alike if the case is one that they can do */
  run(bench: Bench, peers: readonly Peer[]): Promise<Figure[]>;
}
