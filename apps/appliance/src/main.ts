import { messageOf } from '@nightjar/common';
import { runAppliance } from './appliance.js';
import { HELP, parseArguments, type ApplianceOptions } from './options.js';

const USAGE_EXIT_CODE = 2;

async function main(args: readonly string[]): Promise<number> {
  let options: ApplianceOptions | undefined;
  try {
    options = parseArguments(args);
  } catch (error) {
    console.error(`nightjar: ${messageOf(error)}`);
    return USAGE_EXIT_CODE;
  }
  if (options !== undefined) return runAppliance(options);
  console.log(HELP);
  return 0;
}

// Exits although something may still hold the event loop: everything that matters is down by now.
process.exit(await main(process.argv.slice(2)));
