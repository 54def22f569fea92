import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { freePort } from '../../support/free-port.js';
import { eventually } from './eventually.js';
import type { Stage } from './open-stage.js';

/** One series of an answer; the value is Prometheus' text of the number. */
export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

interface Rule {
  readonly name: string;
  readonly health: 'ok' | 'err' | 'unknown';
  readonly state?: 'inactive' | 'pending' | 'firing';
  readonly alerts?: readonly { readonly labels: Readonly<Record<string, string>> }[];
}

const START_LIMIT_MS = 30_000;

/** Debian's Prometheus, scraping one operations port each second. */
export class Prometheus {
  private constructor(private readonly url: string) {}

  /** @param rules rule files that it evaluates each second */
  static async start(
    stage: Stage,
    operationsUrl: string,
    rules: readonly string[] = [],
  ): Promise<Prometheus> {
    const config = path.join(stage.directory, 'prometheus.json');
    const address = `127.0.0.1:${await freePort()}`;
    const scrape = {
      job_name: 'nightjar',
      static_configs: [{ targets: [new URL(operationsUrl).host] }],
    };
    await writeFile(
      config,
      JSON.stringify({
        global: { scrape_interval: '1s', evaluation_interval: '1s' },
        rule_files: rules,
        scrape_configs: [scrape],
      }),
    );
    const child = spawn(
      'prometheus',
      [
        `--config.file=${config}`,
        `--storage.tsdb.path=${path.join(stage.directory, 'tsdb')}`,
        `--web.listen-address=${address}`,
        '--log.level=warn',
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    const ended = once(child, 'exit');
    const said: Buffer[] = [];
    child.stderr.on('data', (chunk: Buffer) => said.push(chunk));
    stage.defer(async () => {
      child.kill('SIGTERM');
      await ended;
    });
    const prometheus = new Prometheus(`http://${address}`);
    await eventually(
      async () => {
        if (child.exitCode !== null) throw new Error(Buffer.concat(said).toString());
        if ((await prometheus.query('up == 1')).length === 0) throw new Error('not scraped yet');
      },
      { withinMs: START_LIMIT_MS, everyMs: 200 },
    );
    return prometheus;
  }

  /** An instant vector. Throws with what Prometheus says about a query that is wrong. */
  async query(expr: string): Promise<readonly Sample[]> {
    const response = await fetch(`${this.url}/api/v1/query`, {
      method: 'POST',
      body: new URLSearchParams({ query: expr }),
    });
    const answer = (await response.json()) as {
      status: string;
      error?: string;
      data?: { result: Sample[] };
    };
    if (answer.status !== 'success') throw new Error(`${expr}: ${answer.error}`);
    return answer.data?.result ?? [];
  }

  /** All rules that it evaluates, with the state of those that are alerts. */
  async rules(): Promise<readonly Rule[]> {
    const response = await fetch(`${this.url}/api/v1/rules`);
    const { data } = (await response.json()) as { data: { groups: { rules: Rule[] }[] } };
    return data.groups.flatMap(({ rules }) => rules);
  }
}
