import { createSocket, type Socket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { isIPv4 } from 'node:net';
import type { DeviceSighting } from '@nightjar/catalog';
import { messageOf } from '@nightjar/common';
import type { DiscoveryHost } from '@nightjar/config';
import { DISCOVERY_PORT } from '@nightjar/onvif';
import { addressesIn, isIn } from './address-range.js';
import { bind, send, type SearchWork } from './multicast-search.js';
import { pause } from './pause.js';
import { Probes } from './probes.js';

/** After the last question. */
const LISTEN_MS = 3_000;
/** Hosts are asked in bundles so many times a second. */
const BUNDLES_PER_SECOND = 10;

/** Asks a device service who it is; undefined when it does not answer. Never rejects. */
export type AskService = (url: string) => Promise<DeviceSighting | undefined>;

/** Asks each of these hosts, and takes answers of nobody else. Never rejects. */
export async function searchByUnicast(
  hosts: readonly DiscoveryHost[],
  hostsPerSecond: number,
  askService: AskService,
  work: SearchWork,
): Promise<void> {
  const services = Promise.all(
    hosts.map(async (host) => {
      const sighting = host.kind === 'url' ? await askService(host.url) : undefined;
      if (sighting !== undefined) work.found(sighting);
    }),
  );
  await sweep(hosts, hostsPerSecond, work);
  await services;
}

async function sweep(
  hosts: readonly DiscoveryHost[],
  hostsPerSecond: number,
  work: SearchWork,
): Promise<void> {
  const { clock, signal } = work;
  const probes = new Probes();
  const resolved = new Set<string>();
  const sockets = new Map<'udp4' | 'udp6', Socket>();
  const heard = (datagram: Buffer, { address }: { address: string }): void => {
    const isAsked =
      resolved.has(address) ||
      hosts.some((host) => host.kind === 'network' && isIn(host.range, address));
    if (!isAsked) return;
    for (const sighting of probes.answered(datagram, address, [])) work.found(sighting);
  };
  const ask = async (address: string): Promise<void> => {
    const type = isIPv4(address) ? 'udp4' : 'udp6';
    const socket = sockets.get(type) ?? (await open(type, heard));
    sockets.set(type, socket);
    // Nobody there, or no route: as good as no answer.
    for (const datagram of probes.datagrams)
      await send(socket, datagram, DISCOVERY_PORT, address).catch(() => undefined);
  };
  try {
    const bundle = Math.max(1, Math.floor(hostsPerSecond / BUNDLES_PER_SECOND));
    let asked = 0;
    for await (const address of addressesOf(hosts, resolved, work)) {
      if (signal.aborted) return;
      await ask(address);
      asked += 1;
      if (asked % bundle === 0) await pause(clock, (1_000 * bundle) / hostsPerSecond, signal);
    }
    if (asked > 0) await pause(clock, LISTEN_MS, signal);
  } catch (error) {
    work.failed('unicast', messageOf(error));
  } finally {
    for (const socket of sockets.values()) socket.close();
  }
}

async function open(
  type: 'udp4' | 'udp6',
  heard: (datagram: Buffer, from: { address: string }) => void,
): Promise<Socket> {
  const socket = createSocket(type);
  // Answers that a host is not there come in here.
  socket.on('error', () => undefined);
  await bind(socket, type === 'udp4' ? '0.0.0.0' : '::');
  socket.on('message', heard);
  return socket;
}

async function* addressesOf(
  hosts: readonly DiscoveryHost[],
  resolved: Set<string>,
  { failed }: SearchWork,
): AsyncGenerator<string> {
  for (const host of hosts) {
    if (host.kind === 'network') yield* addressesIn(host.range);
    if (host.kind !== 'name') continue;
    try {
      const { address } = await lookup(host.host);
      resolved.add(address);
      yield address;
    } catch (error) {
      failed(host.host, messageOf(error));
    }
  }
}
