import { availableParallelism, cpus, release } from 'node:os';

/** Where figures were measured; without it they mean nothing. */
export interface Environment {
  readonly node: string;
  readonly cores: number;
  readonly cpuModel: string;
  readonly kernel: string;
  /** Start of the run, ISO 8601. */
  readonly date: string;
}

export function environment(): Environment {
  return {
    node: process.version,
    cores: availableParallelism(),
    cpuModel: cpus()[0]?.model.trim() ?? 'unknown',
    kernel: release(),
    date: new Date().toISOString(),
  };
}
