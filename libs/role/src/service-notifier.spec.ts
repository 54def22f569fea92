import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { ManualClock, NightjarError } from '@nightjar/common';
import { createLogger } from '@nightjar/monitoring';
import { ServiceNotifier, type NotifyEnvironment } from './service-notifier.js';
import { openDatagramSender } from './unix-datagram.js';

const log = createLogger({ role: 'test', level: 'error', format: 'json' });

async function take(environment: NotifyEnvironment) {
  const clock = new ManualClock();
  const said: string[] = [];
  const opened: string[] = [];
  const notifier = await ServiceNotifier.take(environment, clock, log, async (socket) => {
    opened.push(socket);
    return (message) => said.push(message);
  });
  return { clock, said, opened, notifier };
}

describe('ServiceNotifier', () => {
  it('says that it is ready and stopping, and leaves nothing for children', async () => {
    const environment = { NOTIFY_SOCKET: '/run/x', WATCHDOG_USEC: '1', OTHER: 'stays' };
    const { notifier, said, opened } = await take(environment);
    expect(environment).toEqual({ OTHER: 'stays' });
    notifier.ready();
    notifier.stopping();
    expect(opened).toEqual(['/run/x']);
    expect(said).toEqual(['READY=1\nSTATUS=serving', 'STOPPING=1\nSTATUS=stopping']);
  });

  it('gives a sign of life twice in the time of the watchdog, until it is closed', async () => {
    const { notifier, said, clock } = await take({
      NOTIFY_SOCKET: '/run/x',
      WATCHDOG_USEC: '30000000',
      WATCHDOG_PID: String(process.pid),
    });
    notifier.watch();
    clock.advance(30_000);
    expect(said).toEqual(['WATCHDOG=1', 'WATCHDOG=1', 'WATCHDOG=1']);
    notifier.close();
    clock.advance(60_000);
    expect(said).toHaveLength(3);
  });

  it.each([
    ['no watchdog', { NOTIFY_SOCKET: '/run/x' }],
    [
      'the watchdog of another process',
      { NOTIFY_SOCKET: '/run/x', WATCHDOG_USEC: '1000', WATCHDOG_PID: '1' },
    ],
    ['a time that is none', { NOTIFY_SOCKET: '/run/x', WATCHDOG_USEC: 'soon' }],
    ['no service manager', { WATCHDOG_USEC: '1000' }],
  ])('gives no sign of life for %s', async (_, environment) => {
    const { notifier, said, clock } = await take(environment);
    notifier.watch();
    clock.advance(60_000);
    expect(said).toEqual([]);
  });

  it('goes on when nobody listens any more', async () => {
    const gone = path.join(tmpdir(), 'nightjar-nobody-listens');
    const notifier = await ServiceNotifier.take({ NOTIFY_SOCKET: gone }, new ManualClock(), log);
    expect(() => notifier.ready()).not.toThrow();
    const send = await openDatagramSender(gone);
    expect(() => send('x')).toThrow(NightjarError);
  });

  it.each([['relative/path'], [`/${'x'.repeat(120)}`]])(
    'refuses %s as a socket',
    async (socket) => {
      await expect(openDatagramSender(socket)).rejects.toMatchObject({ kind: 'invalid' });
    },
  );
});

describe('datagrams', () => {
  const RECEIVER = `
import socket, sys
name = sys.argv[1]
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind('\\0' + name[1:] if name[0] == '@' else name)
print('bound', flush=True)
while True: print(repr(s.recv(4096).decode()), flush=True)
`;
  const folder = mkdtempSync(path.join(tmpdir(), 'nightjar-notify-'));
  let receiver: ReturnType<typeof spawn> | undefined;
  afterEach(() => {
    receiver?.kill();
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each([[path.join(folder, 'socket')], [`@nightjar-test-${process.pid}`]])(
    'reach %s as they were sent',
    async (socket) => {
      receiver = spawn('/usr/bin/python3', ['-c', RECEIVER, socket]);
      const lines = createInterface({ input: receiver.stdout! });
      expect(await once(lines, 'line')).toEqual(['bound']);
      const send = await openDatagramSender(socket);
      send('READY=1\nSTATUS=größer');
      expect(await once(lines, 'line')).toEqual(["'READY=1\\nSTATUS=größer'"]);
    },
  );
});
