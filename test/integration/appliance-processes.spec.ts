import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { systemClock } from '@nightjar/common';
import ts from 'typescript';
import { ForkedProcess } from '../../libs/supervision/src/forked-process.js';
import { KeptProcess, type StopPlan } from '../../libs/supervision/src/kept-process.js';

import { quietLog } from '../../libs/supervision/src/testing/scripted-process.js';

const SOURCES = path.resolve(import.meta.dirname, '../../libs/supervision/src');
const PLAN: StopPlan = { polite: 'SIGTERM', force: 'SIGKILL', graceMs: 2_000 };

/** A role in miniature: connects to the test, tells it its pid and every signal, ends on SIGTERM. */
const ROLE = `
import { connect } from 'node:net';
const socket = connect(Number(process.env.TEST_PORT), '127.0.0.1', () => {
  socket.write('pid ' + process.pid + '\\n');
  process.send({ type: 'ready' }, undefined, undefined, () => undefined);
});
process.on('SIGINT', () => socket.write('SIGINT\\n'));
process.on('SIGTERM', () => socket.end('SIGTERM\\n', () => process.exit(0)));
`;

/** A supervisor in miniature: forks the role as the appliance does, and does nothing else. */
const SUPERVISOR = `
import { fork } from 'node:child_process';
const [role, guard] = process.argv.slice(2);
fork(role, [], { execArgv: ['--import', guard], stdio: ['ignore', 'inherit', 'inherit', 'ipc'], detached: true });
`;

/** One connection of a role. */
class Heard {
  private text = '';
  private waiting: { pattern: RegExp; resolve: (match: RegExpExecArray) => void }[] = [];
  readonly closed: Promise<unknown>;

  constructor(socket: Socket) {
    this.closed = once(socket, 'close');
    socket.on('data', (chunk) => {
      this.text += chunk.toString();
      this.waiting = this.waiting.filter(({ pattern, resolve }) => {
        const match = pattern.exec(this.text);
        if (match !== null) resolve(match);
        return match === null;
      });
    });
  }

  says(pattern: RegExp): Promise<RegExpExecArray> {
    const match = pattern.exec(this.text);
    if (match !== null) return Promise.resolve(match);
    return new Promise((resolve) => this.waiting.push({ pattern, resolve }));
  }

  async pid(): Promise<number> {
    return Number((await this.says(/pid (\d+)\n/))[1]);
  }
}

describe('processes of the appliance', () => {
  let dir: string;
  let server: Server;
  let env: NodeJS.ProcessEnv;
  let role: string;
  let guard: string;
  let kept: KeptProcess | undefined;
  let outer: ChildProcess | undefined;

  const nextRole = async (): Promise<Heard> => {
    const [socket] = (await once(server, 'connection')) as [Socket];
    return new Heard(socket);
  };
  const keep = (): KeptProcess => {
    kept = new KeptProcess(
      'role',
      new ForkedProcess({ module: role, env, showStdout: true, guard }),
      PLAN,
      systemClock,
      quietLog,
    );
    kept.start();
    return kept;
  };

  beforeEach(async () => {
    dir = mkdtempSync(path.join(tmpdir(), 'nightjar-processes-'));
    role = path.join(dir, 'role.mjs');
    guard = path.join(dir, 'guard.mjs');
    writeFileSync(role, ROLE);
    const source = readFileSync(path.join(SOURCES, 'child-guard.ts'), 'utf8');
    const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023 };
    writeFileSync(guard, ts.transpileModule(source, { compilerOptions }).outputText);
    server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    env = { ...process.env, NODE_OPTIONS: '', TEST_PORT: String(port) };
  });
  afterEach(async () => {
    await kept?.stop();
    kept = undefined;
    outer?.kill('SIGKILL');
    await new Promise((resolve) => server.close(resolve));
    rmSync(dir, { recursive: true, force: true });
  });

  it('replaces a child that was killed within moments, and stops it politely', async () => {
    const connected = nextRole();
    const process1 = keep();
    const first = await connected;
    await process1.firstReady;
    const reconnected = nextRole();
    process.kill(await first.pid(), 'SIGKILL');
    const second = await reconnected;
    expect(await second.pid()).not.toBe(await first.pid());
    await process1.stop();
    await second.says(/SIGTERM/);
    await second.closed;
  });

  it('stops its children itself when it is killed', async () => {
    const supervisor = path.join(dir, 'supervisor.mjs');
    writeFileSync(supervisor, SUPERVISOR);
    const connected = nextRole();
    outer = fork(supervisor, [role, guard], { env, execArgv: [] });
    const child = await connected;
    await child.pid();
    outer.kill('SIGKILL');
    await child.says(/SIGTERM/);
    await child.closed;
  });

  it('keeps the Ctrl-C of a terminal, which goes to a whole process group, from its children', async () => {
    const supervisor = path.join(dir, 'supervisor.mjs');
    writeFileSync(supervisor, SUPERVISOR);
    const connected = nextRole();
    // A group of its own, as a job of a shell has.
    outer = fork(supervisor, [role, guard], { env, execArgv: [], detached: true });
    const child = await connected;
    await child.pid();
    process.kill(-(outer.pid as number), 'SIGINT');
    const [heard] = await child.says(/SIG\w+/);
    expect(heard).toBe('SIGTERM');
    await child.closed;
  });
});
