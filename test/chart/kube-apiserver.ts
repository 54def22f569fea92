import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { spawn, type ChildProcess } from 'node:child_process';
import { setTimeout } from 'node:timers/promises';
import { freePort } from '../support/free-port.js';

const TOKEN = 'of-this-test';
const START_MS = 120_000;

export interface Answer {
  readonly status: number;
  readonly text: string;
  /** What the server says although it takes the object. */
  readonly warnings: readonly string[];
}

/** A kube-apiserver with an etcd of its own: it admits, validates and keeps, and no controller makes anything of it. */
export class KubeApiserver {
  private readonly folder = mkdtempSync(path.join(tmpdir(), 'nightjar-kube-'));
  private readonly children: ChildProcess[] = [];
  private port = 0;

  /** Path of a file for clients. */
  get kubeconfig(): string {
    return path.join(this.folder, 'kubeconfig');
  }

  static async start(program: string, etcd: string): Promise<KubeApiserver> {
    const server = new KubeApiserver();
    await server.run(program, etcd);
    return server;
  }

  /** Sends an object; `dryRun` lets the server do all but keep it. */
  async create(at: string, object: object, dryRun: boolean): Promise<Answer> {
    const query = `fieldValidation=Strict${dryRun ? '&dryRun=All' : ''}`;
    return this.ask('POST', `${at}?${query}`, object);
  }

  async ask(method: string, at: string, body?: object): Promise<Answer> {
    const sent = request({
      host: '127.0.0.1',
      port: this.port,
      path: at,
      method,
      ca: readFileSync(path.join(this.folder, 'apiserver.crt')),
      headers: { Authorization: `Bearer ${TOKEN}`, 'Content-Type': 'application/json' },
    });
    sent.end(body === undefined ? '' : JSON.stringify(body));
    const [response] = await once(sent, 'response');
    const chunks: Buffer[] = await response.toArray();
    const warnings: readonly string[] = [response.headers['warning'] ?? []].flat();
    return { status: response.statusCode, text: Buffer.concat(chunks).toString(), warnings };
  }

  async stop(): Promise<void> {
    for (const child of this.children.toReversed()) {
      const gone = once(child, 'exit');
      if (child.exitCode === null && child.kill('SIGTERM')) await gone;
    }
    rmSync(this.folder, { recursive: true });
  }

  private async run(program: string, etcd: string): Promise<void> {
    const [client, peer] = [await freePort(), await freePort()];
    this.port = await freePort();
    const at = (name: string): string => path.join(this.folder, name);
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    writeFileSync(at('key.pem'), privateKey.export({ type: 'pkcs8', format: 'pem' }));
    writeFileSync(at('tokens'), `${TOKEN},admin,admin,system:masters\n`);
    this.spawn(etcd, {
      'data-dir': at('etcd'),
      'listen-client-urls': `http://127.0.0.1:${client}`,
      'advertise-client-urls': `http://127.0.0.1:${client}`,
      'listen-peer-urls': `http://127.0.0.1:${peer}`,
    });
    this.spawn(program, {
      'etcd-servers': `http://127.0.0.1:${client}`,
      'bind-address': '127.0.0.1',
      'secure-port': String(this.port),
      'cert-dir': this.folder,
      'token-auth-file': at('tokens'),
      'authorization-mode': 'RBAC',
      'service-account-issuer': 'https://kubernetes.default.svc',
      'service-account-key-file': at('key.pem'),
      'service-account-signing-key-file': at('key.pem'),
      'service-cluster-ip-range': '10.96.0.0/16',
      // Both look for objects that controllers and administrators make.
      'disable-admission-plugins': 'ServiceAccount,Priority',
    });
    const until = Date.now() + START_MS;
    for (;;) {
      const answer = await this.ask('GET', '/readyz').catch(() => undefined);
      if (answer?.status === 200) break;
      if (Date.now() > until || this.children.some(({ exitCode }) => exitCode !== null))
        throw new Error(`${program} does not become ready: ${answer?.text ?? 'no answer'}`);
      await setTimeout(200);
    }
    const cluster = {
      server: `https://127.0.0.1:${this.port}`,
      'certificate-authority': at('apiserver.crt'),
    };
    const config = {
      clusters: [{ name: 'test', cluster }],
      users: [{ name: 'admin', user: { token: TOKEN } }],
      contexts: [{ name: 'test', context: { cluster: 'test', user: 'admin' } }],
      'current-context': 'test',
    };
    writeFileSync(this.kubeconfig, JSON.stringify(config));
  }

  private spawn(program: string, flags: Readonly<Record<string, string>>): void {
    const args = Object.entries(flags).map(([flag, value]) => `--${flag}=${value}`);
    this.children.push(spawn(program, args, { stdio: 'ignore' }));
  }
}
