import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { NightjarConfig } from '@nightjar/config';
import { listenError } from '@nightjar/supervision';
import type { Finding } from './finding.js';

const run = promisify(execFile);
const ANSWER_MS = 2_000;

/** Whether the clock of this machine is kept by a time server: footage goes by it. */
export async function checkTime(program = 'timedatectl'): Promise<Finding> {
  const subject = 'time';
  try {
    const { stdout } = await run(program, ['show', '--property=NTPSynchronized', '--value'], {
      timeout: ANSWER_MS,
    });
    return stdout.trim() === 'yes'
      ? { subject, state: 'ok', detail: 'the clock is synchronized' }
      : {
          subject,
          state: 'problem',
          detail: 'the clock is not synchronized, and footage goes by it',
          remedy: 'timedatectl set-ntp true, or install chrony',
        };
  } catch {
    return {
      subject,
      state: 'unknown',
      detail: 'there is no timedatectl to ask',
      remedy: 'see to it that a time server is followed (in a container: by its host)',
    };
  }
}

/** Whether Nightjar answers on its operations port. */
export async function isRunning({ operations }: NightjarConfig): Promise<boolean> {
  const host =
    operations.host === '0.0.0.0' || operations.host === '::' ? 'localhost' : operations.host;
  const named = host.includes(':') ? `[${host}]` : host;
  try {
    const answer = await fetch(`http://${named}:${operations.port}/healthz`, {
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    return answer.ok;
  } catch {
    return false;
  }
}

/** Whether the ports can be had; while Nightjar runs they are its own. */
export async function checkPorts(config: NightjarConfig, running: boolean): Promise<Finding[]> {
  if (running) return [{ subject: 'ports', state: 'ok', detail: 'Nightjar runs and has them' }];
  const { rtsp, http, operations } = config;
  const wanted = [
    { key: 'rtsp.port', host: rtsp.host, port: rtsp.port },
    ...(rtsp.tls?.port === undefined
      ? []
      : [{ key: 'rtsp.tls.port', host: rtsp.host, port: rtsp.tls.port }]),
    { key: 'http.port', host: http.host, port: http.port },
    { key: 'operations.port', host: operations.host, port: operations.port },
  ];
  return Promise.all(wanted.map(checkPort));
}

async function checkPort({ key, host, port }: WantedPort): Promise<Finding> {
  const subject = `port ${port}`;
  const code = await listenError(host, port);
  switch (code) {
    case undefined:
      return { subject, state: 'ok', detail: `free (${key})` };
    case 'EADDRINUSE': {
      const remedy = `end that program (ss -ltnp), or change ${key}`;
      return { subject, state: 'problem', detail: 'another program uses it', remedy };
    }
    case 'EACCES': {
      const remedy = `a port above 1023 for ${key}, or CAP_NET_BIND_SERVICE`;
      return { subject, state: 'problem', detail: 'this user may not listen on it', remedy };
    }
    default: {
      const remedy = `correct ${key}, or the host beside it`;
      return { subject, state: 'problem', detail: `cannot be opened on ${host} (${code})`, remedy };
    }
  }
}

interface WantedPort {
  readonly key: string;
  readonly host: string;
  readonly port: number;
}
