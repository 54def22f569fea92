import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { within } from './eventually.js';
import { runProgram, type ProgramResult } from './program.js';
import type { Stage } from './stage.js';

const START_LIMIT_MS = 5_000;

/** Whether this machine lets us make networks of our own: user namespaces, unshare and ip. Linux. */
export const canMakeNetworks =
  spawnSync('unshare', ['-rn', 'ip', 'link', 'set', 'lo', 'up']).status === 0;

/** A command whose last arguments are another that it runs. */
export type Command = readonly [string, ...string[]];

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

  /**
   * Another network beside this one, with a cable between: for what must be on a machine of its own.
   * @returns how programs are started there, and its address; this side has the address before
   */
  async neighbour(stage: Stage): Promise<{ readonly command: Command; readonly address: string }> {
    const holder = spawn(
      ...this.inside('unshare', '-n', 'sh', '-c', 'echo $$ && exec cat >/dev/null'),
    );
    stage.defer(async () => {
      const gone = once(holder, 'close');
      holder.stdin.end();
      await gone;
    });
    const [said] = (await within(
      START_LIMIT_MS,
      'a second network',
      once(holder.stdout, 'data'),
    )) as [Buffer];
    const pid = said.toString().trim();
    const there = nsenter(pid);
    const run = async (...command: string[]): Promise<void> => {
      const [program = '', ...args] = command;
      const { code, stderr } = await runProgram(program, args);
      if (code !== 0) throw new Error(`${command.join(' ')}: ${stderr}`);
    };
    await run(
      ...this.command,
      'ip',
      'link',
      'add',
      'cable',
      'type',
      'veth',
      'peer',
      'eth0',
      'netns',
      pid,
    );
    await run(...this.command, 'ip', 'address', 'add', '10.99.0.1/24', 'dev', 'cable');
    await run(...this.command, 'ip', 'link', 'set', 'cable', 'up');
    await run(...there, 'ip', 'address', 'add', '10.99.0.2/24', 'dev', 'eth0');
    await run(...there, 'ip', 'link', 'set', 'eth0', 'up');
    await run(...there, 'ip', 'link', 'set', 'lo', 'up');
    return { command: there, address: '10.99.0.2' };
  }

  /** Runs a program in it to its end. */
  async run(program: string, args: readonly string[]): Promise<ProgramResult> {
    const [command, ...prefix] = this.command;
    return await runProgram(command, [...prefix, program, ...args]);
  }

  private inside(...program: string[]): [string, string[]] {
    const [command, ...prefix] = this.command;
    return [command, [...prefix, ...program]];
  }

  private get command(): Command {
    return nsenter(String(this.pid));
  }
}

function nsenter(pid: string): Command {
  return ['nsenter', '-t', pid, '-U', '-n', '--preserve-credentials'];
}
