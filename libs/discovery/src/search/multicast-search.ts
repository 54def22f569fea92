import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { DeviceSighting } from '@nightjar/catalog';
import { messageOf, type Clock } from '@nightjar/common';
import { DISCOVERY_GROUP_IPV4, DISCOVERY_GROUP_IPV6, DISCOVERY_PORT } from '@nightjar/onvif';
import type { LocalInterface } from './interfaces.js';
import { pause } from './pause.js';
import { Probes } from './probes.js';

/** Between two sendings of the same question; UDP loses some. WS-Discovery s.2.4. */
const REPEAT_MS = 150;
/** Devices wait up to 500 ms before they answer, slow ones think. */
const LISTEN_MS = 4_000;

export interface SearchWork {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Told of each answer as it comes. */
  readonly found: (sighting: DeviceSighting) => void;
  /** Something could not be asked; the rest was. */
  readonly failed: (where: string, reason: string) => void;
}

/** Asks the networks behind these interfaces, each through a socket of its own. Never rejects. */
export async function searchByMulticast(
  interfaces: readonly LocalInterface[],
  work: SearchWork,
): Promise<void> {
  const probes = new Probes();
  await Promise.all(
    interfaces.map(async (one) => {
      try {
        await searchInterface(one, probes, work);
      } catch (error) {
        work.failed(`${one.name} (${one.family})`, messageOf(error));
      }
    }),
  );
}

async function searchInterface(
  { name, family, address, networks }: LocalInterface,
  probes: Probes,
  { clock, signal, found }: SearchWork,
): Promise<void> {
  const isV4 = family === 'ipv4';
  const socket = createSocket(isV4 ? 'udp4' : 'udp6');
  try {
    await bind(socket, isV4 ? address : `${address}%${name}`);
    socket.setMulticastInterface(isV4 ? address : `::%${name}`);
    socket.on('message', (datagram, { address: from }) => {
      for (const sighting of probes.answered(datagram, from, networks)) found(sighting);
    });
    // An interface that goes away meanwhile has answered what it could.
    socket.on('error', () => undefined);
    const group = isV4 ? DISCOVERY_GROUP_IPV4 : `${DISCOVERY_GROUP_IPV6}%${name}`;
    for (let round = 0; round < 2 && !signal.aborted; round++) {
      if (round > 0) await pause(clock, REPEAT_MS, signal);
      for (const datagram of probes.datagrams) await send(socket, datagram, DISCOVERY_PORT, group);
    }
    await pause(clock, LISTEN_MS, signal);
  } finally {
    socket.close();
  }
}

/** @param address of ours, with its zone where it has one */
export async function bind(socket: Socket, address: string, port = 0): Promise<void> {
  socket.bind({ address, port });
  await once(socket, 'listening');
}

export async function send(
  socket: Socket,
  datagram: Buffer,
  port: number,
  address: string,
): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    socket.send(datagram, port, address, (error) => (error ? reject(error) : resolve()));
  });
}
