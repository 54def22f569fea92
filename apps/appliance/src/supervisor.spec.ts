import { beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock, NightjarError } from '@nightjar/common';
import { KeptProcess } from '@nightjar/supervision';
import { ECHO_WINDOW_MS } from './stop-signals.js';
import { CAMERAS_WAIT_MS, Supervisor, type DatabasePort } from './supervisor.js';
import { quietLog, ScriptedPort } from '../../../libs/supervision/src/testing/scripted-process.js';

const NAMES = ['media', 'control', 'worker', 'postgres', 'cameras'] as const;
type Name = (typeof NAMES)[number];

/** Lets everything that needs no clock come to rest. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('Supervisor', () => {
  let clock: ManualClock;
  let events: string[];
  let ports: Record<Name, ScriptedPort>;
  let database: DatabasePort;

  beforeEach(() => {
    clock = new ManualClock();
    events = [];
    ports = Object.fromEntries(
      NAMES.map((name) => [
        name,
        new ScriptedPort((made) => {
          events.push(`start ${name}`);
          const signal = made.signal.bind(made);
          made.signal = (which) => {
            events.push(`${which} ${name}`);
            signal(which);
          };
        }),
      ]),
    ) as Record<Name, ScriptedPort>;
    database = {
      prepare: () => Promise.resolve(),
      migrate: () => Promise.resolve([]),
    };
  });

  const supervise = (left: { cameras?: boolean; postgres?: boolean } = {}): Supervisor => {
    const kept = (name: Name): KeptProcess =>
      new KeptProcess(
        name,
        ports[name],
        { polite: 'SIGTERM', force: 'SIGKILL', graceMs: 1_000 },
        clock,
        quietLog,
      );
    return new Supervisor(
      {
        media: kept('media'),
        control: kept('control'),
        worker: kept('worker'),
        postgres: left.postgres === false ? undefined : kept('postgres'),
        cameras: left.cameras === true ? kept('cameras') : undefined,
      },
      database,
      clock,
      quietLog,
    );
  };

  it('starts media without waiting for the database, control and worker after its schema', async () => {
    const supervisor = supervise();
    const code = supervisor.run();
    await settle();
    expect(events).toEqual(['start media', 'start postgres']);
    expect(supervisor.readiness().ready).toBe(false);
    ports.postgres.last.becomeReady();
    await settle();
    expect(events.slice(2)).toEqual(['start control', 'start worker']);
    expect(supervisor.readiness()).toEqual({ ready: true, reasons: [] });
    supervisor.signal();
    expect(await code).toBe(0);
  });

  it('stops control, worker and media one after the other, the database last', async () => {
    ports.media.obeys = ['SIGKILL'];
    const supervisor = supervise({ cameras: true });
    const code = supervisor.run();
    ports.cameras.last.becomeReady();
    await settle();
    ports.postgres.last.becomeReady();
    await settle();
    events.length = 0;
    supervisor.signal();
    await settle();
    expect(events).toEqual(['SIGTERM control', 'SIGTERM worker', 'SIGTERM media']);
    ports.media.last.end('exit code 0');
    expect(await code).toBe(0);
    expect(events.slice(3)).toEqual(['SIGTERM cameras', 'SIGTERM postgres']);
  });

  it('waits for a database that cannot be reached, while media runs', async () => {
    let failures = 3;
    database.migrate = () =>
      failures-- > 0
        ? Promise.reject(new NightjarError('unavailable', 'catalog/down', 'down'))
        : Promise.resolve(['0001-create-catalog']);
    const supervisor = supervise({ postgres: false });
    const code = supervisor.run();
    await settle();
    expect(events).toEqual(['start media']);
    for (let i = 0; i < 4; i += 1) {
      clock.advance(10_000);
      await settle();
    }
    expect(events).toEqual(['start media', 'start control', 'start worker']);
    supervisor.signal();
    expect(await code).toBe(0);
  });

  it('can be stopped while it waits for the database', async () => {
    database.migrate = () =>
      Promise.reject(new NightjarError('unavailable', 'catalog/down', 'down'));
    const supervisor = supervise({ postgres: false });
    const code = supervisor.run();
    await settle();
    supervisor.signal();
    expect(await code).toBe(0);
    expect(events).toEqual(['start media', 'SIGTERM media']);
  });

  it('starts media when the simulated cameras serve, or do not in time', async () => {
    const supervisor = supervise({ cameras: true });
    const code = supervisor.run();
    await settle();
    expect(events).not.toContain('start media');
    clock.advance(CAMERAS_WAIT_MS);
    await settle();
    expect(events).toContain('start media');
    supervisor.signal();
    await code;
  });

  it('takes everything down when the embedded database cannot be made', async () => {
    database.prepare = () =>
      Promise.reject(new NightjarError('unavailable', 'postgres/no-account', 'no account'));
    await expect(supervise().run()).rejects.toThrow('no account');
    expect(events).toEqual(['start media', 'SIGTERM media']);
  });

  it('ends everything at once at a second signal', async () => {
    for (const name of NAMES) ports[name].obeys = ['SIGKILL'];
    const supervisor = supervise();
    const code = supervisor.run();
    await settle();
    ports.postgres.last.becomeReady();
    await settle();
    events.length = 0;
    supervisor.signal();
    await settle();
    clock.advance(ECHO_WINDOW_MS - 100);
    supervisor.signal();
    clock.advance(200);
    supervisor.signal();
    expect(await code).toBe(1);
    expect(events.filter((event) => event.startsWith('SIGKILL'))).toEqual(
      expect.arrayContaining(['SIGKILL worker', 'SIGKILL media', 'SIGKILL postgres']),
    );
  });
});
