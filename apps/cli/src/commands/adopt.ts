import { CERTIFICATE_FINGERPRINT, FINGERPRINT_HELP } from '@nightjar/config';
import { readAsked } from '../arguments.js';
import { EXIT_OK, UsageError, type Command } from '../command.js';

export const adoptCommand: Command = {
  name: 'adopt',
  summary: 'make a camera of a device in the network',
  usage: `nightjar adopt DEVICE --name NAME [--credentials-file FILE [--username USER]] [--managed] [--follow]
               [--record continuous|event] [--trust-fingerprint SHA256] [--password-text] [--json]

DEVICE is what nightjar discover shows of it: number, address, serial number or endpoint reference. It is taken when the
login is good and its main stream has brought a keyframe. Prints the entry for the configuration file.
  --credentials-file FILE  holds USER:PASSWORD, or with --username the password alone
  --managed                Nightjar keeps the camera; nothing has to be written into the file
  --follow                 the URLs of the streams follow the device when its address changes
  --record MODE            continuous, or event: while something happens
  --trust-fingerprint SHA256
                           the device shows this certificate, for which nobody vouches: it and no other is taken from now
                           on. Without it a device that shows one is not adopted, and the error names what it showed
  --password-text          a device that takes no other login may be sent the password itself
  --config FILE            configuration file (else $NIGHTJAR_CONFIG, else nightjar.yaml)
  --json                   print one JSON document`,
  async run(args, output) {
    const { values, positionals, asked } = readAsked(
      args,
      {
        name: { type: 'string' },
        'credentials-file': { type: 'string' },
        username: { type: 'string' },
        managed: { type: 'boolean' },
        follow: { type: 'boolean' },
        record: { type: 'string' },
        'trust-fingerprint': { type: 'string' },
        'password-text': { type: 'boolean' },
      },
      1,
    );
    const [device] = positionals;
    const { name, record, username } = values;
    const file = values['credentials-file'];
    if (device === undefined || name === undefined)
      throw new UsageError('expected: DEVICE --name NAME');
    if (record !== undefined && record !== 'continuous' && record !== 'event')
      throw new UsageError('--record wants continuous or event');
    if (username !== undefined && file === undefined)
      throw new UsageError('--username goes with --credentials-file');
    const fingerprint = values['trust-fingerprint'];
    if (fingerprint !== undefined && !CERTIFICATE_FINGERPRINT.test(fingerprint))
      throw new UsageError(`--trust-fingerprint: ${FINGERPRINT_HELP}`);
    // Loaded when asked for: the recorder starts through this program too.
    const { adopt } = await import('../discovery/index.js');
    await adopt(
      asked,
      device,
      {
        name,
        credentialsFile: file,
        username,
        managed: values.managed === true,
        followsDevice: values.follow === true,
        fingerprint,
        passwordText: values['password-text'] === true,
        record,
      },
      output,
    );
    return EXIT_OK;
  },
};
