import { execFileSync } from 'node:child_process';
import { constants } from 'node:fs';
import {
  appendFile,
  mkdtemp,
  open,
  readFile,
  rename,
  rm,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock, NightjarError, type Timer } from '@nightjar/common';
import { EventFile, POLL_MS } from './event-file.js';

/** Tells when somebody waits for it. */
class AwaitedClock extends ManualClock {
  private waiting = 0;
  private notice: () => void = () => undefined;

  override setTimer(delayMs: number, fire: () => void): Timer {
    this.waiting += 1;
    const done = (): void => void (this.waiting -= 1);
    const timer = super.setTimer(delayMs, () => {
      done();
      fire();
    });
    this.notice();
    return timer;
  }

  async armed(): Promise<void> {
    while (this.waiting === 0) await new Promise<void>((resolve) => (this.notice = resolve));
  }

  /** Who waited does not wait any more. */
  reset(): void {
    this.waiting = 0;
  }
}

describe('EventFile', () => {
  let folder: string;
  let file: string;
  let clock: AwaitedClock;
  let reader: EventFile;
  let lines: string[];
  let ids: (string | undefined)[];
  let times: number[];
  let refuse: Error | undefined;
  let warnings: (object | string)[];

  const create = (): EventFile =>
    new EventFile({
      file,
      positionFile: path.join(folder, 'state', 'position.json'),
      publish: async (line, seenMs, ownId) => {
        if (line.startsWith('bad')) throw new NightjarError('invalid', 'test/bad', `no: ${line}`);
        if (refuse !== undefined) throw refuse;
        lines.push(line);
        ids.push(ownId);
        times.push(seenMs);
      },
      clock,
      log: { info: () => undefined, warn: (fields: object | string) => warnings.push(fields) },
    });
  /** Lets it look at the file so many times. */
  const poll = async (times = 2): Promise<void> => {
    for (let n = 0; n < times; n += 1) {
      await clock.armed();
      clock.advance(POLL_MS);
    }
    await clock.armed();
  };

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'nightjar-events-'));
    file = path.join(folder, 'events.jsonl');
    clock = new AwaitedClock();
    lines = [];
    ids = [];
    times = [];
    refuse = undefined;
    warnings = [];
    reader = create();
  });
  afterEach(async () => {
    await reader.stop();
    await rm(folder, { recursive: true });
  });

  it('passes over history, takes whole lines as they come, and leaves out bad ones', async () => {
    await writeFile(file, 'history\n');
    reader.start();
    await poll();
    await appendFile(file, 'one\n\n  \nbad\ntw');
    await poll();
    expect(lines).toEqual(['one']);
    expect(warnings).toEqual([{ reason: 'no: bad', lines: 1 }]);
    await appendFile(file, 'o\r\n');
    await poll();
    expect(lines).toEqual(['one', 'two']);
    expect(new Set(ids).size).toBe(2);
  });

  it('waits for a file that is not there, and takes it from its start', async () => {
    reader.start();
    await poll();
    await writeFile(file, 'one\n');
    await poll();
    expect(lines).toEqual(['one']);
    expect(warnings).toEqual([]);
  });

  it('goes on where it was after a restart, with what came meanwhile', async () => {
    await writeFile(file, '');
    reader.start();
    await poll();
    await appendFile(file, 'one\nhal');
    await poll();
    await reader.stop();
    clock.reset();
    await appendFile(file, 'f\nthree\n');
    reader = create();
    reader.start();
    await poll();
    expect(lines).toEqual(['one', 'half', 'three']);
  });

  it('follows a rotation, to the last line of the file before', async () => {
    await writeFile(file, '');
    reader.start();
    await poll();
    await appendFile(file, 'one\n');
    await rename(file, `${file}.1`);
    await appendFile(`${file}.1`, 'two\n');
    await poll();
    await appendFile(`${file}.1`, 'three\n');
    await writeFile(file, 'four\n');
    await poll();
    expect(lines).toEqual(['one', 'two', 'three', 'four']);
    expect(new Set(ids).size).toBe(4);
  });

  it('follows a truncation; what is written at the same place is another line', async () => {
    await writeFile(file, '');
    reader.start();
    await poll();
    await appendFile(file, 'one\ntwo\n');
    await poll();
    await truncate(file, 0);
    await poll();
    await appendFile(file, 'one\n');
    await poll();
    expect(lines).toEqual(['one', 'two', 'one']);
    expect(new Set(ids).size).toBe(3);
  });

  it('gives a line again until it can be taken, with the time at which it came and the same id', async () => {
    await writeFile(file, '');
    reader.start();
    await poll();
    refuse = new NightjarError('unavailable', 'test/away', 'away');
    await appendFile(file, 'one\ntwo\n');
    await poll(1);
    const cameAtMs = clock.wallMs();
    await poll(6);
    expect([lines, warnings]).toEqual([[], [{ reason: 'away' }]]);
    await reader.stop();
    clock.reset();
    reader = create();
    reader.start();
    await poll(1);
    refuse = undefined;
    await poll();
    expect(lines).toEqual(['one', 'two']);
    expect(times.every((ms) => ms >= cameAtMs - POLL_MS && ms < clock.wallMs())).toBe(true);
    const position: unknown = JSON.parse(
      await readFile(path.join(folder, 'state', 'position.json'), 'utf8'),
    );
    expect(position).toMatchObject({ offset: 8 });
  });

  it('reads a named pipe through the comings and goings of its writers', async () => {
    execFileSync('mkfifo', [file]);
    reader.start();
    await poll();
    for (const text of ['one\nbad\n', 'two\n']) {
      const writer = await open(file, constants.O_WRONLY | constants.O_NONBLOCK);
      await writer.write(text);
      await writer.close();
      await poll();
    }
    expect(lines).toEqual(['one', 'two']);
    expect(ids).toEqual([undefined, undefined]);
  });

  it('says once that it cannot read', async () => {
    file = folder;
    reader = create();
    reader.start();
    await poll();
    expect(warnings).toEqual([{ reason: `${folder} is neither a file nor a pipe` }]);
  });
});
