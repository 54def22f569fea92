import { readArguments } from '../arguments.js';
import { EXIT_OK, UsageError, type Command } from '../command.js';

export const userCommand: Command = {
  name: 'user',
  summary: 'hash passwords, and bring users over from other software',
  usage: `nightjar user hash NAME [--scrypt]
nightjar user import FILE [--scrypt] [--role ROLE]

hash    asks for a password (or reads the first line of standard input) and prints what the configuration takes for it:
        passwordHash. The name is part of it: who is renamed needs a new one.
import  reads lines user:password, or user:nightjar:HA1 as htdigest writes them (- is standard input), and prints
        \`users:\` for the configuration.

  --scrypt     gives nothing away when it is read, but players in the clear cannot log in: theirs is Digest, which needs HA1.
               Who has an HA1 can log in with it: keep the file that holds it like a password.
  --role ROLE  viewer (the default), operator, publisher or admin`,
  async run(args, output) {
    const { values, positionals } = readArguments(
      args,
      { scrypt: { type: 'boolean' }, role: { type: 'string' } },
      2,
    );
    const [verb, operand] = positionals;
    const kind = values.scrypt === true ? 'scrypt' : 'ha1';
    // Loaded when asked for: the recorder starts through this program too.
    const run = await import('../user/index.js');
    if (verb === 'hash' && operand !== undefined && values.role === undefined)
      await run.hashOne(operand, kind, output);
    else if (verb === 'import' && operand !== undefined)
      await run.importUsers(operand, { kind, role: values.role }, output);
    else throw new UsageError('expected: hash NAME, or import FILE');
    return EXIT_OK;
  },
};
