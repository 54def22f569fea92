import { createSocket, type Socket } from 'node:dgram';
import type { DeviceSighting } from '@nightjar/catalog';
import { messageOf } from '@nightjar/common';
import type { AddressRange } from '@nightjar/config';
import { DISCOVERY_GROUP_IPV4, DISCOVERY_GROUP_IPV6, DISCOVERY_PORT } from '@nightjar/onvif';
import type { LocalInterface } from './interfaces.js';
import { bind } from './multicast-search.js';
import { readDatagram } from './probes.js';
import { sightingOf } from './sighting.js';

export interface AnnouncementHandlers {
  came(sighting: DeviceSighting): void;
  /** @param endpoint its reference; who says so is not known */
  left(endpoint: string): void;
  failed(where: string, reason: string): void;
}

/**
 * Hears devices say hello and good-bye. Its sockets are bound to the group, so that they take no datagram from those who
 * answer at the same port.
 */
export class Announcements {
  private readonly sockets = new Map<string, Socket>();

  constructor(private readonly handlers: AnnouncementHandlers) {}

  /** Listens at these interfaces, and no longer at others. */
  async listen(interfaces: readonly LocalInterface[]): Promise<void> {
    const wanted = new Map(
      interfaces.map((one) => [`${one.family} ${one.name} ${one.address}`, one]),
    );
    for (const [key, socket] of this.sockets) {
      if (wanted.has(key)) continue;
      this.sockets.delete(key);
      socket.close();
    }
    for (const [key, one] of wanted) {
      if (this.sockets.has(key)) continue;
      try {
        this.sockets.set(key, await this.open(one));
      } catch (error) {
        this.handlers.failed(`announcements at ${one.name} (${one.family})`, messageOf(error));
      }
    }
  }

  close(): void {
    for (const socket of this.sockets.values()) socket.close();
    this.sockets.clear();
  }

  private async open({ name, family, address, networks }: LocalInterface): Promise<Socket> {
    const isV4 = family === 'ipv4';
    const group = isV4 ? DISCOVERY_GROUP_IPV4 : `${DISCOVERY_GROUP_IPV6}%${name}`;
    const socket = createSocket({ type: isV4 ? 'udp4' : 'udp6', reuseAddr: true });
    try {
      await bind(socket, group, DISCOVERY_PORT);
      socket.addMembership(isV4 ? group : DISCOVERY_GROUP_IPV6, isV4 ? address : `::%${name}`);
    } catch (error) {
      socket.close();
      throw error;
    }
    socket.on('error', () => undefined);
    socket.on('message', (datagram, { address: from }) => this.heard(datagram, from, networks));
    return socket;
  }

  private heard(datagram: Buffer, from: string, networks: readonly AddressRange[]): void {
    const message = readDatagram(datagram);
    if (message?.kind === 'hello') {
      const sighting = sightingOf(message.endpoint, from, networks);
      if (sighting !== undefined) this.handlers.came(sighting);
    } else if (message?.kind === 'bye') this.handlers.left(message.address);
  }
}
