import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { within } from './eventually.js';
import { runProgram, type ProgramResult } from './program.js';
import type { Stage } from './stage.js';

const START_LIMIT_MS = 5_000;

/** Whether this machine lets us make networks of our own: user namespaces, unshare and ip. Linux. */
export const canMakeNetworks =
  spawnSync('unshare', ['-rn', 'ip', 'link', 'set', 'lo', 'up']).status === 0;

/** A network that only has a loopback interface, for programs that go where the routing table says. */
export class NetworkNamespace {
  private constructor(private readonly pid: number) {}

  /** Makes one whose loopback interface takes all multicast; processes that the stage starts from now on are in it. */
  static async enter(stage: Stage): Promise<NetworkNamespace> {
    const setUp =
      'ip link set lo up && ip route add 224.0.0.0/4 dev lo && echo ready && exec cat >/dev/null';
    const holder = spawn('unshare', ['-rn', 'sh', '-c', setUp], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    stage.defer(async () => {
      const gone = once(holder, 'close');
      holder.stdin.end();
      await gone;
    });
    await within(START_LIMIT_MS, 'a network namespace', once(holder.stdout, 'data'));
    if (holder.pid === undefined) throw new Error('unshare was not started');
    const network = new NetworkNamespace(holder.pid);
    stage.startThrough(network.command);
    return network;
  }

  /** Runs a program in it to its end. */
  async run(program: string, args: readonly string[]): Promise<ProgramResult> {
    const [command, ...prefix] = this.command;
    return await runProgram(command, [...prefix, program, ...args]);
  }

  private get command(): readonly [string, ...string[]] {
    return ['nsenter', '-t', String(this.pid), '-U', '-n', '--preserve-credentials'];
  }
}
