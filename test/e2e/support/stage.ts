import { afterAll, it } from '@jest/globals';
import { within } from './eventually.js';
import { Stage } from './open-stage.js';

export { Stage };

/** What ending everything may take on top of a scenario. */
const CLOSE_LIMIT_MS = 20_000;

/** A test with a stage of its own. Shows the logs of its processes when it fails. */
export function scenario(
  name: string,
  limitMs: number,
  play: (stage: Stage) => Promise<void>,
): void {
  it(
    name,
    async () => {
      const stage = await Stage.open();
      try {
        await within(limitMs, 'the scenario', play(stage));
      } catch (error) {
        stage.showLogs();
        await stage.close().catch(() => undefined);
        throw error;
      }
      await stage.close();
    },
    limitMs + CLOSE_LIMIT_MS,
  );
}

/** Tests that look at one and the same stage, which the first of them sets up. */
export function sharedStage<T>(
  setUpLimitMs: number,
  setUp: (stage: Stage) => Promise<T>,
): (name: string, limitMs: number, play: (set: T, stage: Stage) => Promise<void>) => void {
  let opened: Promise<Stage> | undefined;
  let prepared: Promise<T> | undefined;
  afterAll(async () => {
    await (await opened)?.close();
  }, CLOSE_LIMIT_MS);
  return (name, limitMs, play) => {
    it(
      name,
      async () => {
        opened ??= Stage.open();
        const stage = await opened;
        try {
          prepared ??= within(setUpLimitMs, 'setting up', setUp(stage));
          await within(limitMs, 'the scenario', play(await prepared, stage));
        } catch (error) {
          stage.showLogs();
          throw error;
        }
      },
      setUpLimitMs + limitMs,
    );
  };
}
