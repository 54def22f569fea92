import { configJsonSchema } from '@nightjar/config';
import { configFileOf, readArguments, readAsked } from '../arguments.js';
import { EXIT_OK, UsageError, type Command } from '../command.js';
import { show } from '../show.js';

export const planCommand: Command = {
  name: 'plan',
  summary:
    'compare a configuration with what runs: what it changes, whom it disturbs, what footage goes',
  usage: `nightjar plan [FILE] [--config FILE] [--json]

Compares FILE (else the configuration itself) with what runs, and changes nothing.

  --config FILE  the configuration that Nightjar follows (else $NIGHTJAR_CONFIG, else nightjar.yaml)
  --json         print one JSON document`,
  async run(args, output) {
    const { positionals, asked } = readAsked(args, {}, 1);
    // Loaded when asked for: the recorder starts through this program too.
    const { linesOf, planConfiguration } = await import('../plan/index.js');
    const plan = await planConfiguration(configFileOf(asked.configFile), positionals[0]);
    show(asked, output, plan, () => linesOf(plan));
    return EXIT_OK;
  },
};

export const applyCommand: Command = {
  name: 'apply',
  summary: 'put a configuration in the place of the one that Nightjar follows',
  usage: `nightjar apply FILE [--yes] [--delete-footage] [--config FILE]

Shows the plan; with --yes replaces the configuration by FILE, keeps the old one as <configuration>.previous, and waits until Nightjar
has taken it up.

  --delete-footage  even if retention deletes footage because of it
  --config FILE     the configuration that Nightjar follows (else $NIGHTJAR_CONFIG, else nightjar.yaml)`,
  async run(args, { out }) {
    const { values, positionals } = readArguments(
      args,
      {
        config: { type: 'string' },
        yes: { type: 'boolean' },
        'delete-footage': { type: 'boolean' },
      },
      1,
    );
    const [candidate] = positionals;
    if (candidate === undefined) throw new UsageError('expected: apply FILE');
    const { applyConfiguration, linesOf, planConfiguration } = await import('../plan/index.js');
    const plan = await planConfiguration(configFileOf(values.config), candidate);
    for (const line of linesOf(plan)) out(line);
    if (values.yes !== true) {
      out('nothing was changed: add --yes');
      return EXIT_OK;
    }
    await applyConfiguration(plan, candidate, values['delete-footage'] === true);
    out(`applied: ${plan.file}`);
    return EXIT_OK;
  },
};

export const schemaCommand: Command = {
  name: 'schema',
  summary: 'print the JSON Schema of the configuration, for editors',
  usage: `nightjar schema

Prints the JSON Schema (draft-07) of nightjar.yaml. An editor with the YAML language server completes and checks by it:
  # yaml-language-server: $schema=nightjar.schema.json`,
  async run(args, { out }) {
    readArguments(args, {});
    out(JSON.stringify(configJsonSchema(), undefined, 2));
    return EXIT_OK;
  },
};
