import type { Case } from '../case.js';
import { churn } from './churn.js';
import { fanOutTcp } from './fan-out-tcp.js';
import { fanOutUdp } from './fan-out-udp.js';
import { fullLoad } from './full-load.js';
import { idle } from './idle.js';
import { join } from './join.js';
import { memory } from './memory.js';
import { multicast } from './multicast.js';
import { playback } from './playback.js';
import { processes } from './processes.js';
import { rebuild } from './rebuild.js';
import { recording } from './recording.js';
import { relayAndRecord } from './relay-and-record.js';
import { seek } from './seek.js';
import { retention } from './retention.js';
import { slowReaders } from './slow-readers.js';
import { soak } from './soak.js';
import { startUp } from './start-up.js';
import { timeline } from './timeline.js';

/** Every case, in the order in which they run. */
export const CASES: readonly Case[] = [
  fanOutTcp,
  fanOutUdp,
  multicast,
  join,
  recording,
  relayAndRecord,
  startUp,
  churn,
  slowReaders,
  playback,
  seek,
  rebuild,
  idle,
  memory,
  fullLoad,
  processes,
  timeline,
  retention,
  soak,
];
