import { announce } from './announce.js';
import { describe } from './describe.js';
import type { Method } from './method.js';
import { options } from './options.js';
import { getParameter, setParameter } from './parameters.js';
import { pause } from './pause.js';
import { play } from './play.js';
import { record } from './record.js';
import { setup } from './setup.js';
import { teardown } from './teardown.js';

export { MethodTable } from './method-table.js';
export type { Exchange, Method, ServerContext } from './method.js';

/** Every method that is served. A new one is a file beside these and an entry here. */
export const METHODS: readonly Method[] = [
  options,
  describe,
  announce,
  setup,
  play,
  record,
  pause,
  teardown,
  getParameter,
  setParameter,
];
