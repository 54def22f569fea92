import { messageOf } from '@nightjar/common';
import { Crowd } from '../load/crowd.js';
import { join } from '../load/joins.js';
import type { LoadAnswer, LoadRequest } from '../load/messages.js';

/** Viewers; does by IPC what load/messages.ts says. */

/** Below the session timeout of every server. */
const KEEP_ALIVE_MS = 20_000;

const crowd = new Crowd();
setInterval(() => crowd.keepAlive(), KEEP_ALIVE_MS).unref();

async function answer(request: LoadRequest): Promise<LoadAnswer> {
  switch (request.kind) {
    case 'open':
      return { kind: 'open', udpPorts: await crowd.open(request) };
    case 'measure':
      return await crowd.measure(request.durationMs);
    case 'join':
      return { kind: 'join', keyframeMs: await join(request) };
    case 'stall':
      crowd.stall(request.stalled);
      return { kind: 'stall' };
    case 'close':
      crowd.close();
      return { kind: 'close' };
  }
}

process.on('message', (request: LoadRequest) => {
  answer(request).then(
    (result) => process.send?.(result),
    (error: unknown) => process.send?.({ kind: 'failed', reason: messageOf(error) }),
  );
});
process.on('disconnect', () => process.exit(0));
