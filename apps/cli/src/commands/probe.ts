import { readFile } from 'node:fs/promises';
import { parseDuration } from '@nightjar/config';
import { readArguments } from '../arguments.js';
import { EXIT_OK, UsageError, type Command } from '../command.js';
import { readConfig } from '../open-archive.js';
import type { PictureTarget } from '@nightjar/relay';
import type { ProbeResult } from '../probe/index.js';

const DEFAULT_TIMEOUT = '15s';

export const probeCommand: Command = {
  name: 'probe',
  summary: 'connect to a camera or an RTSP address and wait for a picture',
  usage: `nightjar probe CAMERA[/STREAM] [--config FILE] [--timeout ${DEFAULT_TIMEOUT}] [--json]
nightjar probe rtsp://HOST/... [--login USER --password-file FILE] [--timeout ${DEFAULT_TIMEOUT}] [--json]

Connects to a camera of the configuration, or to any address, as the relay would, and ends with 0 once a keyframe came.
Names what the camera does that it should not, as docs/ref/quirks.md has it.`,
  async run(args, { out }) {
    const { values, positionals } = readArguments(
      args,
      {
        config: { type: 'string' },
        login: { type: 'string' },
        'password-file': { type: 'string' },
        timeout: { type: 'string' },
        json: { type: 'boolean' },
      },
      1,
    );
    const [target] = positionals;
    if (target === undefined) throw new UsageError('which camera or address?');
    if ((values.login === undefined) !== (values['password-file'] === undefined))
      throw new UsageError('--login and --password-file go together');
    const timeoutMs = readTimeout(values.timeout ?? DEFAULT_TIMEOUT);
    const { cameraTarget, probeStream } = await import('../probe/index.js');
    const result = await probeStream(
      /^rtsps?:\/\//i.test(target)
        ? await addressTarget(target, values.login, values['password-file'])
        : cameraTarget(await readConfig(values.config), target),
      timeoutMs,
    );
    out(values.json === true ? JSON.stringify(result) : inWords(target, result));
    return EXIT_OK;
  },
};

function readTimeout(text: string): number {
  try {
    return parseDuration(text);
  } catch {
    throw new UsageError('--timeout wants a duration such as 15s');
  }
}

async function addressTarget(
  url: string,
  login: string | undefined,
  passwordFile: string | undefined,
): Promise<PictureTarget> {
  if (login === undefined || passwordFile === undefined) return { url, transport: 'auto' };
  const password = (await readFile(passwordFile, 'utf8')).replace(/\r?\n$/, '');
  return { url, transport: 'auto', credentials: { username: login, password } };
}

function inWords(target: string, { tracks, firstPictureMs, bytes, quirks }: ProbeResult): string {
  const seconds = (firstPictureMs / 1000).toFixed(2);
  const picture = `ok: ${target}: ${tracks.join(', ')}; first picture after ${seconds} s (${bytes} bytes)`;
  return quirks.length === 0 ? picture : `${picture}; its quirks: ${quirks.join(', ')}`;
}
