import 'reflect-metadata';
import { runRole } from '@nightjar/role';
import { startWorker } from './worker-role.js';

await runRole('worker', startWorker);
