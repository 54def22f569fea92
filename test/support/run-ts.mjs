// node --import ./test/support/run-ts.mjs some/main.ts: runs our TypeScript as it stands, for tests with processes of their own.
import { register } from 'node:module';

register('./ts-hooks.mjs', import.meta.url);
