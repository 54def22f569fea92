import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import path from 'node:path';
import { Cameras } from '../e2e/support/cameras.js';
import { cameraAt, Installation, LOGIN } from '../e2e/support/installation.js';
import type { Stage } from '../e2e/support/open-stage.js';
import { RtspPlayer } from '../e2e/support/rtsp-player.js';
import { attack, type Target } from './attacker.js';
import { clientConversations, type Conversation } from './conversations.js';
import { mutate } from './mutate.js';
import { SeededRandom } from './random.js';
import { checkReader, settled, vitalsOf, type Vitals } from './watch.js';

/** Conversations at a time. */
const ATTACKERS = 4;
/** The last inputs, of which one is to blame when the process dies. */
const KEPT_INPUTS = 16;
/** Addresses to come from: 127.1.0.1 and so on. */
const HOSTS = 0xfffe;
const LATEST_DEATH_MS = 10_000;

export interface FuzzOptions {
  readonly seconds: number;
  readonly seed: number;
  /** Where inputs that made something fail are written. */
  readonly failuresDirectory: string;
}

export interface FuzzFigures {
  readonly conversations: number;
  /** Answers by status. */
  readonly answers: Readonly<Record<number, number>>;
  readonly before: Vitals;
  readonly after: Vitals;
}

interface Victim {
  readonly nightjar: Installation;
  readonly port: number;
  readonly reader: RtspPlayer;
}

/**
 * Talks to a media process with mutated conversations of the corpus and rejects at what must not be: an end of the process,
 * an answer 500, a disturbed reader, or memory, descriptors and delay that stay behind. The seed and the number of a
 * conversation make the same input again.
 */
export async function fuzz(stage: Stage, options: FuzzOptions): Promise<FuzzFigures> {
  const target = await startVictim(stage);
  const conversations = clientConversations();
  for (const { pieces } of conversations) await attack(attackOn(target.port, 0), pieces);
  const before = await vitalsOf(target.nightjar);
  const run = new Run(target, conversations, options);
  await run.finish();
  const after = await settled(target.nightjar, before);
  checkReader(target.reader);
  return { conversations: run.conversations, answers: run.answers, before, after };
}

/** A camera to read and one to publish to, for a user who may do both. */
async function startVictim(stage: Stage): Promise<Victim> {
  const cameras = await Cameras.start(stage, { front: 'front-door' });
  const nightjar = await Installation.create(stage, {
    users: { [LOGIN.username]: { passwordFile: 'viewer-password', role: 'admin' } },
    media: { processes: 1 },
    cameras: {
      front: cameraAt(cameras.url('front')),
      drone: { streams: { main: { source: 'publish' } } },
    },
  });
  await nightjar.startMedia();
  const reader = await RtspPlayer.open(stage, nightjar.url('front'));
  await reader.play();
  return { nightjar, reader, port: Number(new URL(nightjar.url('front')).port) };
}

/** Each from an address of its own, so that one that spoils its login does not stop the others at the door. */
function attackOn(port: number, number: number): Target {
  const host = 1 + (number % HOSTS);
  return { port, login: LOGIN, localAddress: `127.1.${host >> 8}.${host & 0xff}` };
}

class Run {
  conversations = 0;
  readonly answers: Record<number, number> = {};
  private readonly kept: (readonly Buffer[])[] = [];
  private readonly deadlineMs: number;
  private failed = false;

  constructor(
    private readonly target: Victim,
    private readonly corpus: readonly Conversation[],
    private readonly options: FuzzOptions,
  ) {
    this.deadlineMs = performance.now() + options.seconds * 1000;
  }

  async finish(): Promise<void> {
    await Promise.all(Array.from({ length: ATTACKERS }, () => this.goOn()));
  }

  private async goOn(): Promise<void> {
    while (!this.failed && performance.now() < this.deadlineMs) {
      const number = this.conversations++;
      const random = new SeededRandom(Math.imul(this.options.seed, 0x9e37_79b1) + number);
      const input = mutate(random.pick(this.corpus).pieces, random);
      this.kept.push(input);
      if (this.kept.length > KEPT_INPUTS) this.kept.shift();
      const { statuses } = await attack(attackOn(this.target.port, number), input);
      if (this.failed) return;
      for (const status of statuses) this.answers[status] = (this.answers[status] ?? 0) + 1;
      if (statuses.includes(500)) await this.fail(number, [input], 'was answered 500');
      await this.checkTarget(number);
    }
  }

  private async checkTarget(number: number): Promise<void> {
    if (!(await isOpen(this.target.port))) await this.fail(number, this.kept, 'ended the process');
    try {
      checkReader(this.target.reader);
    } catch (error) {
      await this.fail(number, this.kept, 'disturbed a reader', error);
    }
  }

  private async fail(
    number: number,
    inputs: readonly (readonly Buffer[])[],
    what: string,
    cause?: unknown,
  ): Promise<never> {
    this.failed = true;
    await mkdir(this.options.failuresDirectory, { recursive: true });
    const files = inputs.map((_, at) => `seed-${this.options.seed}-${number}-${at}.client`);
    await Promise.all(
      inputs.map((pieces, at) =>
        writeFile(path.join(this.options.failuresDirectory, files[at]!), Buffer.concat(pieces)),
      ),
    );
    throw new Error(`conversation ${number} ${what}; input in ${files.join(', ')}`, { cause });
  }
}

/** Somebody listens: a process that ended does not, a moment later at the latest. */
async function isOpen(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(LATEST_DEATH_MS) });
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
