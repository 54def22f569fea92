import 'reflect-metadata';
import { runRole } from '@nightjar/role';
import { SHARD_COUNT_VARIABLE, SHARD_VARIABLE } from '../ipc/messages.js';
import { startShard } from './shard-role.js';

const index = Number(process.env[SHARD_VARIABLE]);
const count = Number(process.env[SHARD_COUNT_VARIABLE]);
await runRole('media', (context) => startShard(context, { index, count }), {
  logFields: { shard: String(index) },
  // The front says it once for all.
  reportsChanges: false,
});
