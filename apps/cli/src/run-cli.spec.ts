import { describe, expect, it } from '@jest/globals';
import { NightjarError } from '@nightjar/common';
import { readArguments } from './arguments.js';
import type { Command } from './command.js';
import { fsckCommand } from './commands/fsck.js';
import { serveCommand } from './commands/serve.js';
import { runCli } from './run-cli.js';
import { VERSION } from '@nightjar/role';

const failing: Command = {
  name: 'fail',
  summary: 'fails',
  usage: 'nightjar fail [--hard]',
  async run(args) {
    const { values } = readArguments(args, { hard: { type: 'boolean' } });
    if (values.hard) throw new TypeError('a bug');
    throw new NightjarError('conflict', 'test/busy', 'port 8554 is in use: end the other program');
  },
};

async function run(...args: string[]) {
  const out: string[] = [];
  const err: string[] = [];
  const commands = [serveCommand, fsckCommand, failing];
  const output = { out: (line: string) => out.push(line), err: (line: string) => err.push(line) };
  const code = await runCli(args, commands, '1.2.3', output);
  return { code, out: out.join('\n'), err: err.join('\n') };
}

describe('nightjar', () => {
  it.each([['--help'], ['-h'], ['help']])('lists the commands on %s', async (flag) => {
    const { code, out } = await run(flag);
    expect(code).toBe(0);
    expect(out).toContain('\n  serve  run the recorder on this machine, or one role of it\n');
  });

  it('lists the commands and fails without one', async () => {
    expect(await run()).toMatchObject({
      code: 2,
      out: expect.stringContaining('nightjar <command>'),
    });
  });

  it('prints its version', async () => {
    expect(await run('--version')).toEqual({ code: 0, out: '1.2.3', err: '' });
    expect(VERSION).toMatch(/^\d+\.\d+\.\d+/);
  });

  it.each([
    ['srve', 'nightjar: unknown command "srve"; did you mean "serve"?'],
    ['frobnicate', 'nightjar: unknown command "frobnicate"; there are serve, fsck, fail'],
  ])('does not know %s', async (command, err) => {
    expect(await run(command)).toEqual({ code: 2, out: '', err });
  });

  it('prints the usage of a command', async () => {
    expect(await run('fail', '--help')).toEqual({
      code: 0,
      out: 'nightjar fail [--hard]',
      err: '',
    });
  });

  it('tells in one line what the operator can mend', async () => {
    expect(await run('fail')).toEqual({
      code: 1,
      out: '',
      err: 'nightjar fail: port 8554 is in use: end the other program',
    });
  });

  it('does not hide a bug', async () => {
    await expect(run('fail', '--hard')).rejects.toThrow(TypeError);
  });

  it.each([
    [['fail', 'x'], 'nightjar fail: unexpected argument "x"'],
    [['fail', '--soft'], "Unknown option '--soft'"],
    [['serve', '--listen', '70000'], 'nightjar serve: --listen wants a port from 0 to 65535'],
    [['serve', '--listen', '8554x'], 'nightjar serve: --listen wants a port from 0 to 65535'],
    [['serve', '--config'], "Option '--config <value>' argument missing"],
    [['serve', 'media', '--listen', '8554'], 'nightjar serve: serve media takes no more arguments'],
    [['serve', 'medium'], "Unexpected argument 'medium'"],
    [['fsck', 'main'], 'nightjar fsck: unexpected argument "main"'],
  ])('refuses %j', async (args, message) => {
    const { code, err } = await run(...args);
    expect(code).toBe(2);
    expect(err).toContain(message);
    expect(err).toContain(`\n\nnightjar ${args[0]} `);
  });
});
