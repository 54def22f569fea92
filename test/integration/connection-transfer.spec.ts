import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { systemClock } from '@nightjar/common';
import { SilentConnections } from '@nightjar/relay';
import { channelToChild, type IpcChannel } from '@nightjar/supervision';
import type { ChildProcess } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Arrival } from '../../apps/media/src/front/arrival.js';
import { FrontDoor } from '../../apps/media/src/front/front-door.js';
import {
  ConnectionTransfer,
  takeConnection,
} from '../../apps/media/src/ipc/connection-transfer.js';
import { isFromShard } from '../../apps/media/src/ipc/messages.js';
import { forkTs } from '../support/fork-ts.js';

const CLIENTS = 60;
const PAYLOAD_BYTES = 400_000;

interface Child {
  readonly process: ChildProcess;
  readonly channel: IpcChannel;
  readonly transfer: ConnectionTransfer<Arrival>;
}

describe('connections between processes', () => {
  let children: Child[];
  let route: (arrival: Arrival) => void;
  let door: FrontDoor;
  let returned: number;
  let lost: number;

  beforeEach(async () => {
    returned = 0;
    lost = 0;
    let next = 0;
    route = (arrival) => children[next++ % children.length]!.transfer.send(arrival);
    door = new FrontDoor({
      host: '127.0.0.1',
      port: 0,
      clock: systemClock,
      silent: new SilentConnections(systemClock),
      arrived: (arrival) => route(arrival),
      ended: () => undefined,
      failed: () => undefined,
    });
    await door.listen();
    children = await Promise.all([start(), start()]);
  });
  afterEach(async () => {
    door.close();
    for (const { process: child } of children) {
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    }
  });

  async function start(): Promise<Child> {
    const child = forkTs('test/support/transfer-child.ts', {});
    const channel = channelToChild(child);
    const transfer = new ConnectionTransfer<Arrival>(channel, (arrival) => {
      lost += 1;
      arrival.refuse('503 Service Unavailable', 5);
    });
    await new Promise<void>((resolve) => {
      channel.onMessage((message, socket) => {
        if (!isFromShard(message)) return;
        if (message.type === 'serving') resolve();
        if (message.type === 'connection-taken') transfer.taken(message.id);
        if (message.type !== 'connection') return;
        returned += 1;
        const connection = takeConnection(channel, message, socket);
        if (connection !== undefined) door.admit(connection);
      });
    });
    return { process: child, channel, transfer };
  }

  it('lose and reorder nothing, however often they change hands while bytes arrive', async () => {
    const talk = async (index: number): Promise<void> => {
      const payload = randomBytes(PAYLOAD_BYTES);
      const whole = (bytes: number): string =>
        `DESCRIBE rtsp://h/cam${index}-0-${bytes} RTSP/1.0\r\n`;
      const line = whole(whole(999_999).length + PAYLOAD_BYTES);
      const client = connect(door.port, '127.0.0.1');
      let heard = '';
      client.on('data', (chunk) => (heard += chunk.toString()));
      client.write(line.slice(0, index % line.length));
      client.write(line.slice(index % line.length));
      for (let at = 0; at < payload.length;) {
        const end = Math.min(payload.length, at + 1 + Math.floor(Math.random() * 30_000));
        const more = client.write(payload.subarray(at, end));
        at = end;
        if (!more) await once(client, 'drain');
        else await new Promise((resolve) => setImmediate(resolve));
      }
      const port = client.localPort;
      await once(client, 'close');
      const hash = createHash('sha256').update('\n').update(payload).digest('hex');
      expect(heard).toBe(`${hash} ${port}\n`);
    };
    await Promise.all(Array.from({ length: CLIENTS }, (_, index) => talk(index)));
    expect(returned).toBeGreaterThan(CLIENTS);
    expect(lost).toBe(0);
  });

  it('are kept when the process dies that they are sent to', async () => {
    const [victim] = children as [Child];
    const gone = new Promise<void>((resolve) => victim.channel.onGone(resolve));
    const sent = new Promise<void>((resolve) => {
      route = (arrival) => {
        victim.transfer.send(arrival);
        resolve();
      };
    });
    const client = connect(door.port, '127.0.0.1');
    await once(client, 'connect');
    // Stopped, it takes nothing of what is sent to it.
    victim.process.kill('SIGSTOP');
    client.write('DESCRIBE rtsp://h/cam1-0-1 RTSP/1.0\r\nCSeq: 4\r\n\r\n');
    await sent;
    victim.process.kill('SIGKILL');
    await gone;
    expect(lost).toBe(1);
    const [answer] = (await once(client, 'data')) as [Buffer];
    expect(answer.toString()).toContain('503 Service Unavailable\r\nCSeq: 4\r\n');
    client.destroy();
  });
});
