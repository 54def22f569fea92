import 'reflect-metadata';
import { runRole } from '@nightjar/role';
import { startMedia } from './media-role.js';

await runRole('media', startMedia);
