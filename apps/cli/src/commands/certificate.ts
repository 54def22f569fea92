import { readAsked } from '../arguments.js';
import { EXIT_OK, UsageError, type Command } from '../command.js';

const MAX_DAYS = 36_500;

export const certificateCommand: Command = {
  name: 'certificate',
  summary: 'make a certificate for rtsps:// that vouches for itself',
  usage: `nightjar certificate [NAME ...] [--days N] [--out FOLDER] [--force] [--json]

Writes rtsp-cert.pem and rtsp-key.pem, a new P-256 key that nobody else can read. NAMEs are host names and IP
addresses by which clients reach this machine; without them all it has. Clients trust it once they are given the
certificate, or its fingerprint. A Nightjar that runs shows it within seconds.
  --days N       how long it is valid, 1 to ${MAX_DAYS} (else 3650)
  --out FOLDER   where to write (else <dataDir>/secrets, where rtsp.tls.selfSigned looks)
  --force        take the place of files that are there
  --config FILE  configuration file (else $NIGHTJAR_CONFIG, else nightjar.yaml)
  --json         print one JSON document`,
  async run(args, output) {
    const { values, positionals, asked } = readAsked(
      args,
      {
        days: { type: 'string' },
        out: { type: 'string' },
        force: { type: 'boolean' },
      },
      Infinity,
    );
    // Loaded when asked for: the recorder starts through this program too.
    const { writeCertificate } = await import('../certificate/index.js');
    await writeCertificate(
      asked,
      {
        names: positionals,
        days: values.days === undefined ? undefined : readDays(values.days),
        folder: values.out,
        force: values.force === true,
      },
      output,
    );
    return EXIT_OK;
  },
};

function readDays(text: string): number {
  const days = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (days < 1 || days > MAX_DAYS) throw new UsageError(`--days wants a number up to ${MAX_DAYS}`);
  return days;
}
