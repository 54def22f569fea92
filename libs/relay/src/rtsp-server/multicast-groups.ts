import { isIPv4 } from 'node:net';
import type { Clock } from '@nightjar/common';
import type { OnUdpDrop } from '../udp/drop-reason.js';
import { MulticastRange, type MulticastSlot } from '../udp/multicast-range.js';
import type { Pacer } from '../udp/pacer.js';
import { UdpPorts } from '../udp/udp-ports.js';
import type { OutputOptions } from './interleaved-output.js';
import type { Mount, MountStream, PlayAnswer, PlayRequest } from './mount.js';
import type { Seal } from './srtp/seal.js';
import { UdpOutput, type UdpTrack } from './udp-output.js';

/** Where and how streams are sent to groups. */
export interface MulticastOptions {
  readonly enabled: boolean;
  /** IPv4 multicast addresses, as `239.192.0.0/16`; each stream that is asked for takes one. */
  readonly range: string;
  /** Even; 16 ports belong to one stream. */
  readonly firstPort: number;
  /** Inclusive. */
  readonly lastPort: number;
  /** Routers that packets may pass, 1 keeps them in the local network. */
  readonly ttl: number;
  /** Local IPv4 address of the interface to send from; undefined lets the routing table decide. */
  readonly interface?: string | undefined;
}

export interface MulticastGroupsOptions extends MulticastOptions {
  /** Address that the server listens on. */
  readonly host: string;
  readonly shard?: { readonly index: number; readonly count: number } | undefined;
  readonly clock: Clock;
  readonly pacer: Pacer;
  readonly cname: string;
  readonly highWaterBytes: number;
  readonly onDrop: OnUdpDrop;
}

/** Group, ports and time to live of one track, as SETUP and SDP tell them. */
export interface GroupTrack {
  readonly address: string;
  readonly ports: readonly [rtp: number, rtcp: number];
  readonly ttl: number;
}

/** What a group needs to know of a session. */
export interface GroupSession {
  /** Plays the stream, if the session is the first of its group. */
  readonly mount: Mount;
  /** How many tracks the stream has. */
  readonly tracks: number;
  /** Protects what the group is sent; the same for all its sessions. */
  readonly seal?: Seal | undefined;
  /** The stream ended, or was cut; not called when the session leaves by itself. */
  readonly onEnd: (reason: string) => void;
}

/** Name of the group of a stream; `key`: of the one that is sent under this key. */
export function nameOfGroup(stream: string, key: string | undefined): string {
  return key === undefined ? stream : `${stream} ${key}`;
}

/** Streams as they are sent to multicast groups: one sender per stream, from its first session to its last. */
export class MulticastGroups {
  private readonly groups = new Map<string, Group>();

  private constructor(
    private readonly options: MulticastGroupsOptions,
    private readonly range: MulticastRange,
    private readonly ports: UdpPorts,
  ) {}

  /** @throws NightjarError 'invalid' for a range without groups, 'exhausted' when no port is free to send from */
  static async open(options: MulticastGroupsOptions): Promise<MulticastGroups> {
    const { range, firstPort, lastPort, shard, clock, onDrop, host } = options;
    const addresses = new MulticastRange({
      range,
      firstPort,
      lastPort,
      ...(shard === undefined ? {} : { shard }),
    });
    const source = options.interface ?? (isIPv4(host) ? host : '0.0.0.0');
    const ports = await UdpPorts.open(source, { clock, onDrop });
    ports.configureMulticast(options.ttl, options.interface);
    return new MulticastGroups(options, addresses, ports);
  }

  /**
   * Where a track of a stream is or will be sent; undefined when a group has no ports for so many tracks.
   * @throws NightjarError 'exhausted' when every address is in use
   */
  track(stream: string, track: number): GroupTrack | undefined {
    return groupTrack(this.slot(stream), track, this.options.ttl);
  }

  /**
   * Takes a session into the group of a stream, which is made if there is none.
   * @throws NightjarError 'exhausted' when every address is in use
   */
  join(stream: string, { mount, tracks, seal, onEnd }: GroupSession): GroupMember {
    let group = this.groups.get(stream);
    if (group === undefined) {
      const slot = this.slot(stream);
      group = new Group({ mount, tracks, seal }, slot, this.ports, this.options, () =>
        this.groups.delete(stream),
      );
      this.groups.set(stream, group);
    }
    return new GroupMember(group, onEnd);
  }

  close(): void {
    this.ports.close();
  }

  private slot(stream: string): MulticastSlot {
    return this.range.slot(stream, (other) => this.groups.has(other));
  }
}

/** One stream on its way to a group. */
class Group {
  readonly members = new Set<GroupMember>();
  readonly playing = new Set<GroupMember>();
  readonly output: UdpOutput;
  private readonly peers: (UdpTrack | undefined)[];
  private readonly mount: Mount;
  private stream: MountStream | undefined;

  constructor(
    { mount, tracks, seal }: Omit<GroupSession, 'onEnd'>,
    private readonly slot: MulticastSlot,
    private readonly ports: UdpPorts,
    private readonly options: MulticastGroupsOptions,
    private readonly onEmpty: () => void,
  ) {
    this.mount = mount;
    this.peers = Array.from({ length: tracks }, () => undefined);
    const output: OutputOptions = {
      seal,
      cname: options.cname,
      highWaterBytes: options.highWaterBytes,
      traffic: mount.observer?.traffic.multicast ?? { bytes: 0, packets: 0 },
      onCut: (reason) => {
        for (const member of this.members) member.cut(reason);
      },
    };
    this.output = new UdpOutput(ports, this.peers, {
      ...output,
      transport: 'multicast',
      pacer: options.pacer,
    });
  }

  /** Adds a track to what is sent. */
  setup(track: number): GroupTrack | undefined {
    const to = groupTrack(this.slot, track, this.options.ttl);
    if (to === undefined) return undefined;
    this.peers[track] ??= {
      rtp: this.ports.peer(to.address, to.ports[0]),
      rtcp: this.ports.peer(to.address, to.ports[1]),
    };
    return to;
  }

  async play(member: GroupMember, request: PlayRequest): Promise<PlayAnswer> {
    if (this.playing.size === 0) this.output.hold();
    this.playing.add(member);
    this.stream ??= this.mount.open(this.output, [...this.peers.keys()]);
    return await this.stream.play(request);
  }

  async pause(member: GroupMember): Promise<{ readonly range?: string }> {
    if (!this.playing.delete(member) || this.playing.size > 0) return {};
    return (await this.stream?.pause()) ?? {};
  }

  leave(member: GroupMember): void {
    this.playing.delete(member);
    if (!this.members.delete(member)) return;
    if (this.members.size === 0) {
      this.onEmpty();
      this.stream?.close();
      this.output.end();
      this.output.dispose();
    } else if (this.playing.size === 0) {
      void this.stream?.pause();
    }
  }
}

/** A session's part in a group. */
export class GroupMember implements MountStream {
  private readonly tracks = new Set<number>();

  constructor(
    private readonly group: Group,
    private readonly onEnd: (reason: string) => void,
  ) {
    group.members.add(this);
  }

  /** @returns undefined when a group has no ports for so many tracks */
  setup(track: number): GroupTrack | undefined {
    const to = this.group.setup(track);
    if (to !== undefined) this.tracks.add(track);
    return to;
  }

  hasTrack(track: number): boolean {
    return this.tracks.has(track);
  }

  /** The group goes on to get the track: others may listen. */
  remove(track: number): void {
    this.tracks.delete(track);
  }

  play(request: PlayRequest): Promise<PlayAnswer> {
    return this.group.play(this, request);
  }

  /** The answer to PLAY is queued: the group may be sent to, if it was not before. */
  release(): void {
    if (this.group.playing.has(this)) this.group.output.release();
  }

  pause(): Promise<{ readonly range?: string }> {
    return this.group.pause(this);
  }

  close(): void {
    this.group.leave(this);
  }

  cut(reason: string): void {
    this.onEnd(reason);
  }
}

function groupTrack(slot: MulticastSlot, track: number, ttl: number): GroupTrack | undefined {
  const rtp = slot.port(track);
  return rtp === undefined ? undefined : { address: slot.address, ports: [rtp, rtp + 1], ttl };
}
