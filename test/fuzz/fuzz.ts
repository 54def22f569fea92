import { once } from 'node:events';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import path from 'node:path';
import { Appliance } from '../e2e/support/appliance.js';
import { Cameras } from '../e2e/support/cameras.js';
import { concurrently } from '../e2e/support/concurrently.js';
import { eventually } from '../e2e/support/eventually.js';
import { footageOf } from '../e2e/support/footage.js';
import { LOGIN, recordedCameraAt } from '../e2e/support/installation.js';
import type { Stage } from '../e2e/support/open-stage.js';
import { RtspPlayer } from '../e2e/support/rtsp-player.js';
import { attack, type Hostility, type Target } from './attacker.js';
import { clientConversations, datagrams, type Conversation } from './conversations.js';
import { madeConversations } from './made.js';
import { madeHttpConversations } from './made-http.js';
import { mutate, mutateBytes } from './mutate.js';
import { SeededRandom } from './random.js';
import { checkReader, settled, vitalsOf, type Vitals } from './watch.js';
import { WAYS, type Way } from './ways.js';

/** Conversations at a time. */
const ATTACKERS = 4;
/** The last inputs, of which one is to blame when the process dies. */
const KEPT_INPUTS = 16;
/** Addresses to come from: 127.1.0.1 and so on. */
const HOSTS = 0xfffe;
const LATEST_DEATH_MS = 10_000;
const RECORDING_LIMIT_MS = 20_000;
const FILE = 'film.mp4';
/** What stands in the recordings, and what may stand in its place. */
const MOUNT = '18554/front';
const MOUNTS = ['front', 'front', 'playback/front', 'playback/front?start=0', `files/${FILE}`];
/** One in so many has something changed in what carries it. */
const SPOILT_ONE_IN = 24;
/** Of those that stand behind a conversation over UDP. */
const DATAGRAMS = 20;

export interface FuzzOptions {
  readonly seconds: number;
  readonly seed: number;
  /** Media processes: of several the first one opens what comes, and others serve it. */
  readonly processes: number;
  /** Where inputs that made something fail are written. */
  readonly failuresDirectory: string;
}

export interface FuzzFigures {
  readonly conversations: number;
  /** Answers by status. */
  readonly answers: Readonly<Record<number, number>>;
  /** Answers by what the conversations were carried in. */
  readonly ways: Readonly<Record<string, number>>;
  readonly before: Vitals;
  readonly after: Vitals;
}

interface Victim {
  readonly nightjar: Appliance;
  readonly port: number;
  readonly httpPort: number;
  readonly reader: RtspPlayer;
}

/**
 * Talks to the ports of an appliance with mutated conversations of the corpus and rejects at what must not be: an end of a
 * process, an answer 500, a disturbed reader, or memory, descriptors and delay that stay behind. The seed and the number of
 * a conversation make the same input again.
 */
export async function fuzz(stage: Stage, options: FuzzOptions): Promise<FuzzFigures> {
  const target = await startVictim(stage, options.processes);
  const conversations = [
    ...clientConversations(),
    ...madeConversations(),
    ...madeHttpConversations(),
  ];
  const asTheyAre = conversations.map((conversation, number) => ({ conversation, number }));
  await concurrently(
    asTheyAre,
    async ({ conversation, number }) => {
      const ways = WAYS.filter(({ carries }) => carries === protocolOf(conversation));
      const way = ways[number % ways.length]!;
      const { pieces } = conversation;
      await attack(attackOn(target, number), { way, pieces, datagrams: [], spoil: asItIs });
    },
    ATTACKERS,
  );
  const before = await vitalsOf(target.nightjar);
  const run = new Run(
    target,
    {
      rtsp: conversations.filter((one) => protocolOf(one) === 'rtsp'),
      http: conversations.filter((one) => protocolOf(one) === 'http'),
    },
    options,
  );
  await run.finish();
  const after = await settled(target.nightjar, before);
  checkReader(target.reader);
  const { conversations: said, answers, ways } = run;
  return { conversations: said, answers, ways, before, after };
}

function protocolOf({ carriedBy = 'rtsp' }: Conversation): Way['carries'] {
  return carriedBy;
}

const asItIs = (bytes: Buffer): Buffer => bytes;

/** A camera to read, live and recorded, one to publish to, and a file, for a user who may do all of it. */
async function startVictim(stage: Stage, processes: number): Promise<Victim> {
  const media = path.join(stage.directory, 'files');
  await mkdir(media);
  const cameras = await Cameras.start(stage, { front: 'front-door' });
  const nightjar = await Appliance.start(stage, {
    users: { [LOGIN.username]: { passwordFile: 'viewer-password', role: 'admin' } },
    media: { processes },
    files: { root: media },
    rtsp: { tls: { selfSigned: true } },
    recording: { segment: '1s' },
    discovery: { mode: 'off' },
    cameras: {
      front: recordedCameraAt(cameras.url('front')),
      drone: { streams: { main: { source: 'publish' } } },
    },
  });
  await eventually(
    async () => {
      const [first] = (await footageOf(nightjar.volume, 'front')).slice(0, -1);
      if (first === undefined) throw new Error('nothing is recorded');
      await copyFile(first.file, path.join(media, FILE));
    },
    { withinMs: RECORDING_LIMIT_MS, everyMs: 250 },
  );
  const reader = await RtspPlayer.open(stage, nightjar.rtspUrl('front', LOGIN));
  await reader.play();
  const [port, httpPort] = [nightjar.rtspUrl('front'), nightjar.origin].map((url) =>
    Number(new URL(url).port),
  ) as [number, number];
  return { nightjar, reader, port, httpPort };
}

/** Each from an address of its own, so that one that spoils its login does not stop the others at the door. */
function attackOn({ port, httpPort }: Victim, number: number): Target {
  const host = 1 + (number % HOSTS);
  return { port, httpPort, login: LOGIN, localAddress: `127.1.${host >> 8}.${host & 0xff}` };
}

class Run {
  conversations = 0;
  readonly answers: Record<number, number> = {};
  readonly ways: Record<string, number> = {};
  private readonly packets = datagrams();
  private readonly kept: (readonly Buffer[])[] = [];
  private readonly deadlineMs: number;
  private failed = false;

  constructor(
    private readonly target: Victim,
    private readonly corpus: Readonly<Record<Way['carries'], readonly Conversation[]>>,
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
      const hostility = this.hostility(random, number);
      const input = hostility.pieces;
      this.kept.push(input);
      if (this.kept.length > KEPT_INPUTS) this.kept.shift();
      const { statuses } = await attack(attackOn(this.target, number), hostility);
      if (this.failed) return;
      const { name } = hostility.way;
      this.ways[name] = (this.ways[name] ?? 0) + statuses.length;
      for (const status of statuses) this.answers[status] = (this.answers[status] ?? 0) + 1;
      if (statuses.includes(500)) await this.fail(number, [input], 'was answered 500');
      await this.checkTarget(number);
    }
  }

  /** Each way in turn, so that a short run has all of them. */
  private hostility(random: SeededRandom, number: number): Hostility {
    const way = WAYS[number % WAYS.length]!;
    const { pieces, datagrams: byUdp = false } = random.pick(this.corpus[way.carries]);
    const mount = `18554/${random.pick(MOUNTS)}`;
    const elsewhere = pieces.map((piece) =>
      Buffer.from(piece.toString('latin1').replaceAll(MOUNT, mount), 'latin1'),
    );
    return {
      way,
      pieces: mutate(elsewhere, random),
      datagrams: byUdp
        ? Array.from({ length: DATAGRAMS }, () => mutateBytes(random.pick(this.packets), random))
        : [],
      spoil: (bytes) => (random.oneIn(SPOILT_ONE_IN) ? mutateBytes(bytes, random) : bytes),
    };
  }

  private async checkTarget(number: number): Promise<void> {
    const { port, httpPort } = this.target;
    if (!(await isOpen(port)) || !(await isOpen(httpPort)))
      await this.fail(number, this.kept, 'ended a process');
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
