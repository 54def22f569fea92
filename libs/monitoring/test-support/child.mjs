// A role process as the operations server's spec needs it. Obeys `{ do: ... }` over IPC.
import { answerParent, localSource, metrics } from '@nightjar/monitoring';

let hangs = false;
const source = localSource('media', () => ({ ready: false, reasons: ['volume main is missing'] }));
answerParent({
  role: source.role,
  metrics: () => (hangs ? new Promise(() => undefined) : source.metrics()),
  ready: () => (hangs ? new Promise(() => undefined) : source.ready()),
});
metrics.recordingBytes.inc({ camera: 'front', stream: 'main' }, 42);

process.on('message', (message) => {
  if (message.do === 'hang') hangs = true;
  if (message.do !== undefined) process.send({ done: message.do });
});
process.channel.ref();
process.send({ type: 'ready' });
