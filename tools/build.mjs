// `npm run build`: builds, whether it is needed or not.
import { build } from './setup.mjs';

build();
