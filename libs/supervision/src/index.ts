export { CHILD_GUARD, ForkedProcess, observeChild, type ForkOptions } from './forked-process.js';
export { answerCalls, IpcCaller, type Call } from './ipc-calls.js';
export { channelToChild, channelToParent, type IpcChannel } from './ipc-channel.js';
export { KeptProcess, type KeptState, type StopPlan } from './kept-process.js';
export { listenError } from './listen-error.js';
export { identityOf, isAlive, parseIdentity, type ProcessIdentity } from './process-identity.js';
export type { ProcessPort, RunningProcess, StopSignal } from './process-port.js';
export { RestartBackoff } from './restart-backoff.js';
export { readOn, stopReading } from './socket-transfer.js';
