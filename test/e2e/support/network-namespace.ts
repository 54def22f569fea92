import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import path from 'node:path';
import { within } from './eventually.js';
import { runProgram, type ProgramResult } from './program.js';
import type { Stage } from './stage.js';

const START_LIMIT_MS = 15_000;

/** Root needs no user namespace, in which it would have no other users, such as that of PostgreSQL. */
const FLAGS = ['-n', '-rn'].find(
  (flags) => spawnSync('unshare', [flags, 'ip', 'link', 'set', 'lo', 'up']).status === 0,
);

/** Whether this machine lets us make networks of our own: namespaces, unshare and ip. Linux. */
export const canMakeNetworks = FLAGS !== undefined;

/** Whether all of Nightjar can be in one, with its database. */
export const canMakeMachines = FLAGS === '-n';

/** A command whose last arguments are another that it runs. */
export type Command = readonly [string, ...string[]];

/** Another network, at the other end of a cable. */
export interface Neighbour {
  readonly command: Command;
  readonly address: string;
}

/** Takes what comes to a socket of the file system to a port of the network that it runs in. */
const DOOR = `
const net = require('node:net');
const [socket, port] = process.argv.slice(1);
net.createServer((outside) => {
  const inside = net.connect(Number(port), '127.0.0.1');
  outside.pipe(inside).pipe(outside);
  for (const [one, other] of [[outside, inside], [inside, outside]]) one.on('error', () => other.destroy());
}).listen(socket, () => console.log('ready'));
`;

/** A network that only has a loopback interface, for programs that go where the routing table says. */
export class NetworkNamespace {
  private constructor(
    private readonly pid: number,
    private readonly stage: Stage,
  ) {}

  /** Makes one whose loopback interface takes all multicast; processes that the stage starts from now on are in it. */
  static async enter(stage: Stage): Promise<NetworkNamespace> {
    const setUp =
      'ip link set lo up && ip route add 224.0.0.0/4 dev lo && echo ready && exec cat >/dev/null';
    const pid = await hold(stage, ['unshare', FLAGS ?? '-n', 'sh', '-c', setUp]);
    const network = new NetworkNamespace(pid, stage);
    stage.startThrough(network.command, (port) => network.openDoor(port));
    return network;
  }

  /**
   * Another network beside this one, with a cable between: for what must be on a machine of its own.
   * @returns how programs are started there, and its address; this side has the address before
   */
  async neighbour(stage: Stage): Promise<Neighbour> {
    const setUp = 'echo $$ && exec cat >/dev/null';
    const pid = String(await hold(stage, this.inside('unshare', '-n', 'sh', '-c', setUp)));
    const there = nsenter(pid);
    const run = async (...command: string[]): Promise<void> => {
      const [program = '', ...args] = command;
      const { code, stderr } = await runProgram(program, args);
      if (code !== 0) throw new Error(`${command.join(' ')}: ${stderr}`);
    };
    const cable = 'link add cable type veth peer eth0 netns'.split(' ');
    await run(...this.command, 'ip', ...cable, pid);
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

  /** Who connects to a port of our loopback interface is taken to the same port in there. */
  private async openDoor(port: number): Promise<void> {
    const socket = path.join(this.stage.directory, `door-${port}`);
    await hold(this.stage, this.inside(process.execPath, '-e', DOOR, socket, String(port)));
    const server = createServer((outside) => {
      const inside = connect(socket);
      outside.pipe(inside).pipe(outside);
      outside.on('error', () => inside.destroy());
      inside.on('error', () => outside.destroy());
    });
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    this.stage.defer(async () => {
      server.close();
      await Promise.resolve();
    });
  }

  private inside(...program: string[]): Command {
    const [command, ...prefix] = this.command;
    return [command, ...prefix, ...program];
  }

  private get command(): Command {
    return nsenter(String(this.pid));
  }
}

/** Starts what waits for the end of its input, which comes with the end of the stage. @returns the number that it says, else its own */
async function hold(stage: Stage, [program, ...args]: Command): Promise<number> {
  const holder = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  stage.defer(async () => {
    const gone = once(holder, 'close');
    holder.stdin.end();
    holder.kill();
    await gone;
  });
  const [said] = (await within(START_LIMIT_MS, program, once(holder.stdout, 'data'))) as [Buffer];
  const pid = Number(said.toString()) || holder.pid;
  if (pid === undefined) throw new Error(`${program} was not started`);
  return pid;
}

function nsenter(pid: string): Command {
  const user = FLAGS === '-n' ? [] : ['-U', '--preserve-credentials'];
  return ['nsenter', '-t', pid, '-n', ...user];
}
