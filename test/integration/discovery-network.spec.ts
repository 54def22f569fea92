import { spawn, spawnSync, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

const canMakeNetworks = spawnSync('unshare', ['-rn', 'ip', 'link', 'set', 'lo', 'up']).status === 0;
const LIMIT_MS = 60_000;

interface Said {
  readonly found?: { endpoint: string; address: string; serviceUrls: string[]; name?: string };
  readonly came?: { endpoint: string; address: string };
  readonly left?: string;
  readonly failed?: { where: string; reason: string };
  readonly read?: { reading: Record<string, unknown>; problem?: string };
  readonly done?: boolean;
}

/** A process and the lines that it says. */
class Speaker {
  private readonly lines: Interface;
  readonly said: string[] = [];

  readonly child: ChildProcessByStdio<Writable, Readable, null>;

  constructor(program: string, args: readonly string[]) {
    this.child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.lines = createInterface(this.child.stdout);
    this.lines.on('line', (line) => this.said.push(line));
  }

  /** The first line that is like this, said already or to come. */
  async line(isMeant: (line: string) => boolean): Promise<string> {
    const signal = AbortSignal.timeout(LIMIT_MS);
    for (;;) {
      const found = this.said.find(isMeant);
      if (found !== undefined) return found;
      await once(this.lines, 'line', { signal });
    }
  }

  async end(): Promise<void> {
    const gone = once(this.child, 'close');
    this.child.stdin.end();
    await gone;
  }
}

interface Cable {
  /** Networks besides that of the link-local addresses of IPv6. */
  readonly v4?: string;
  readonly v6?: string;
  /** The first of so many questions is lost on the way, and the first of the next. */
  readonly loses?: number;
}

const QUESTIONS = ['iptables', '-A', 'INPUT', '-p', 'udp', '--dport', '3702'];
const LOSE = [...QUESTIONS, '-m', 'statistic', '--mode', 'nth', '--packet', '0'];

/** One machine at the hub, with a cable and a subnet each to others. IPv6 addresses are there at once (`nodad`). */
class Lan {
  private readonly started: Speaker[] = [];

  private constructor(
    private readonly hub: Speaker,
    private readonly others: Speaker[],
  ) {}

  static async build(cables: readonly Cable[]): Promise<Lan> {
    const hub = await Lan.machine(['unshare', '-rn']);
    const lan = new Lan(hub, []);
    for (const [index, { v4, v6, loses }] of cables.entries()) {
      const other = await Lan.machine([...lan.inside(hub), 'unshare', '-n']);
      lan.others.push(other);
      const pid = pidOf(other);
      const ip = (...args: string[]) => lan.run(hub, 'ip', ...args);
      const there = (...args: string[]) => lan.run(other, 'ip', ...args);
      ip('link', 'add', `nj-oc-${index}`, 'type', 'veth', 'peer', 'eth0', 'netns', pid);
      ip('link', 'set', `nj-oc-${index}`, 'addrgenmode', 'none');
      there('link', 'set', 'eth0', 'addrgenmode', 'none');
      ip('link', 'set', `nj-oc-${index}`, 'up');
      there('link', 'set', 'eth0', 'up');
      there('link', 'set', 'lo', 'up');
      ip('address', 'add', `fe80::${index + 1}:1/64`, 'dev', `nj-oc-${index}`, 'nodad');
      there('address', 'add', `fe80::${index + 1}:2/64`, 'dev', 'eth0', 'nodad');
      if (v4 !== undefined) {
        ip('address', 'add', `${v4}.1/24`, 'dev', `nj-oc-${index}`);
        there('address', 'add', `${v4}.2/24`, 'dev', 'eth0');
      }
      if (v6 !== undefined) {
        ip('address', 'add', `${v6}::1/64`, 'dev', `nj-oc-${index}`, 'nodad');
        there('address', 'add', `${v6}::2/64`, 'dev', 'eth0', 'nodad');
      }
      if (loses !== undefined) lan.run(other, ...LOSE, '--every', String(loses), '-j', 'DROP');
    }
    return lan;
  }

  /** Starts a camera behind a cable. */
  async camera(cable: number, ...args: string[]): Promise<Speaker> {
    const camera = this.start(
      this.others[cable]!,
      'python3',
      'test/support/onvif-camera.py',
      ...args,
    );
    await camera.line((line) => line.startsWith('ready'));
    return camera;
  }

  /** Searches from the hub; resolves when all was said, and the searcher hears announcements. */
  async search(
    discovery: object,
    read: readonly string[] = [],
  ): Promise<{ said: Said[]; searcher: Speaker }> {
    const searcher = this.start(
      this.hub,
      'env',
      `READ=${read.join(' ')}`,
      'NODE_OPTIONS=',
      process.execPath,
      '--import',
      './test/support/run-ts.mjs',
      'test/support/discovery-child.ts',
      JSON.stringify(discovery),
    );
    await searcher.line((line) => line.includes('"done"'));
    return { said: searcher.said.map((line) => JSON.parse(line) as Said), searcher };
  }

  async end(): Promise<void> {
    for (const { child } of this.started) child.kill();
    for (const machine of [...this.others, this.hub]) await machine.end();
  }

  private static async machine(command: readonly string[]): Promise<Speaker> {
    const [program = '', ...args] = command;
    const setUp = 'ip link set lo up; echo $$; exec cat >/dev/null';
    const machine = new Speaker(program, [...args, 'sh', '-c', setUp]);
    await machine.line((line) => /^\d+$/.test(line));
    return machine;
  }

  private inside(machine: Speaker): string[] {
    return ['nsenter', '-t', pidOf(machine), '-U', '-n', '--preserve-credentials'];
  }

  private run(machine: Speaker, ...command: string[]): void {
    const [program = '', ...args] = [...this.inside(machine), ...command];
    const { status, stderr } = spawnSync(program, args, { encoding: 'utf8' });
    if (status !== 0) throw new Error(`${command.join(' ')}: ${stderr}`);
  }

  private start(machine: Speaker, ...command: string[]): Speaker {
    const [program = '', ...args] = [...this.inside(machine), ...command];
    const speaker = new Speaker(program, args);
    this.started.push(speaker);
    return speaker;
  }
}

function pidOf({ said }: Speaker): string {
  return said[0] ?? '';
}

const describeIfLinux = canMakeNetworks ? describe : describe.skip;

describeIfLinux('a search of several networks', () => {
  let lan: Lan | undefined;
  const cameras: Speaker[] = [];

  beforeAll(async () => {
    lan = await Lan.build([
      { v4: '10.98.0' },
      { v6: 'fd98:1' },
      { v4: '10.98.2', v6: 'fd98:2' },
      {},
      { v4: '10.98.4', loses: 3 },
    ]);
    cameras.push(
      // Its XAddr is what it had at the factory.
      await lan.camera(
        0,
        '--name',
        'yard',
        '--xaddr',
        'http://192.168.0.64:80/onvif/device_service',
      ),
      await lan.camera(1, '--name', 'six', '--xaddr', 'http://[fd98:1::2]/onvif/device_service'),
      await lan.camera(2, '--name', 'deaf', '--deaf'),
      await lan.camera(3, '--name', 'link', '--xaddr', 'http://[fe80::4:2]/onvif/device_service'),
      await lan.camera(4, '--name', 'lossy'),
    );
  }, LIMIT_MS);
  afterAll(async () => {
    for (const camera of cameras) await camera.end();
    await lan?.end();
  }, LIMIT_MS);

  it(
    'finds cameras behind every interface, over IPv4 and IPv6, reads them, and hears them come and go',
    async () => {
      const url = 'http://10.98.0.2/onvif/device_service';
      const link = 'http://[fe80::4:2%nj-oc-3]/onvif/device_service';
      const { said, searcher } = await lan!.search({ mode: 'multicast' }, [url, link]);
      const all = said.flatMap((one) => one.found ?? []);
      // Each is heard from its link-local address, too: what it has besides counts.
      const rest = all.filter(({ name, address }) => name === 'link' || !address.includes('%'));
      const found = new Map(rest.map((one) => [one.name, one]));
      expect(new Set(found.keys())).toEqual(new Set(['six', 'yard', 'link', 'lossy']));
      expect(found.get('yard')).toMatchObject({ address: '10.98.0.2', serviceUrls: [url] });
      expect(found.get('six')).toMatchObject({
        address: 'fd98:1::2',
        serviceUrls: ['http://[fd98:1::2]/onvif/device_service'],
      });
      // One that has no address but that of its cable.
      expect(found.get('link')).toMatchObject({
        address: 'fe80::4:2%nj-oc-3',
        serviceUrls: [link],
      });
      expect(said.flatMap(({ failed }) => failed ?? [])).toEqual([]);
      const [read, other] = said.flatMap((one) => one.read ?? []);
      expect(other).toMatchObject({
        reading: { profiles: [{ streamUrl: 'rtsp://[fe80::4:2%nj-oc-3]:554/main' }, {}] },
      });
      expect(read?.problem).toBeUndefined();
      expect(read?.reading).toMatchObject({
        // Digits, and no number.
        serial: '00123456789012345678',
        make: 'Snake & Sons',
        profiles: [
          {
            token: 'main',
            codec: 'H264',
            width: 2560,
            framesPerSecond: 25,
            gopFrames: 50,
            streamUrl: 'rtsp://10.98.0.2:554/main',
          },
          { token: 'sub', width: 640, streamUrl: 'rtsp://10.98.0.2:554/sub' },
        ],
      });
      expect(Math.abs((read?.reading['clockOffsetMs'] as number) - 3_600_000)).toBeLessThan(1_500);

      cameras[0]?.child.stdin.write('hello\n');
      const came = await searcher.line((line) => /"came".*"10\.98\.0\.2"/.test(line));
      expect(JSON.parse(came)).toMatchObject({ came: { address: '10.98.0.2', name: 'yard' } });
      await cameras.shift()?.end();
      const left = await searcher.line((line) => line.includes('"left"'));
      expect(JSON.parse(left)).toEqual({ left: found.get('yard')?.endpoint });
      await searcher.end();
    },
    LIMIT_MS,
  );

  it(
    'asks those that multicast does not reach, where they are declared, and nobody else',
    async () => {
      const { said, searcher } = await lan!.search({
        mode: 'unicast',
        hosts: ['10.98.2.0/29', 'http://[fd98:1::2]/onvif/device_service', '10.98.0.77'],
        rate: 100,
      });
      await searcher.end();
      const found = new Map(said.flatMap(({ found }) => (found ? [[found.address, found]] : [])));
      expect(new Set(found.keys())).toEqual(new Set(['10.98.2.2', 'fd98:1::2']));
      expect(found.get('10.98.2.2')).toMatchObject({
        name: 'deaf',
        serviceUrls: ['http://10.98.2.2/onvif/device_service'],
      });
      expect(found.get('fd98:1::2')?.endpoint).toMatch(/^urn:uuid:/);
    },
    LIMIT_MS,
  );
});
