import 'reflect-metadata';
import { runRole } from '@nightjar/role';
import { startControl } from './control-role.js';

await runRole('control', startControl);
