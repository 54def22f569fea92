import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeSelfSigned } from '../../libs/relay/src/rtsp-server/carriage/self-signed.js';
import { freePort } from './free-port.js';

export interface TestRedis {
  /** Without a password. */
  readonly url: string;
  /** Vouches for a server with TLS. */
  readonly caFile: string;
  /** Stops the server and removes its directory. */
  remove(): Promise<void>;
}

/**
 * A real redis-server in memory. Fails with the command to type if it is not installed.
 * @param password asked for, inside TLS
 */
export async function startRedis(password?: string): Promise<TestRedis> {
  const directory = await mkdtemp(join(tmpdir(), 'nightjar-redis-'));
  const port = await freePort();
  const [certFile, keyFile] = [join(directory, 'cert.pem'), join(directory, 'key.pem')];
  const settings: Record<string, string> = {
    port: String(port),
    bind: '127.0.0.1',
    save: '',
    appendonly: 'no',
    dir: directory,
  };
  if (password !== undefined) {
    const { cert, key } = makeSelfSigned(['127.0.0.1'], Date.now());
    await writeFile(certFile, cert);
    await writeFile(keyFile, key);
    Object.assign(settings, {
      port: '0',
      'tls-port': String(port),
      'tls-auth-clients': 'no',
      'tls-cert-file': certFile,
      'tls-key-file': keyFile,
      'tls-ca-cert-file': certFile,
      requirepass: password,
    });
  }
  const server = spawn(
    'redis-server',
    Object.entries(settings).flatMap(([key, value]) => [`--${key}`, value]),
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const exited = once(server, 'exit');
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'ENOENT'
          ? new Error('redis-server is missing: apt-get install -y redis-server')
          : error,
      ),
    );
    server.once('exit', (code) => reject(new Error(`redis-server ended with ${code}`)));
    let log = '';
    server.stdout.on('data', (chunk: Buffer) => {
      log += chunk.toString();
      if (log.includes('Ready to accept connections')) resolve();
    });
  });
  return {
    url: `${password === undefined ? 'redis' : 'rediss'}://127.0.0.1:${port}`,
    caFile: certFile,
    async remove() {
      server.kill('SIGTERM');
      await exited;
      await rm(directory, { recursive: true, force: true });
    },
  };
}
