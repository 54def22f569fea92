import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { unknownSeries } from '../support/dashboard-lint.js';

const ROOT = path.resolve(import.meta.dirname, '..', '..');
const GRAFANA = path.join(ROOT, 'grafana');
const SEVERITIES = ['critical', 'warning'];
const CHAPTERS = ['Meaning', 'Impact', 'Diagnosis', 'Mitigation'];

interface RuleFile {
  readonly groups: readonly {
    readonly name: string;
    readonly rules: readonly {
      readonly alert?: string;
      readonly record?: string;
      readonly expr: string;
      readonly labels?: Readonly<Record<string, string>>;
      readonly annotations?: Readonly<Record<string, string>>;
    }[];
  }[];
}

interface TestFile {
  readonly rule_files: readonly string[];
  readonly tests: readonly {
    readonly alert_rule_test: readonly {
      readonly alertname: string;
      readonly exp_alerts: readonly unknown[];
    }[];
  }[];
}

const yaml = (file: string): any => parse(readFileSync(path.join(GRAFANA, file), 'utf8'));
const ruleFile = (file: string): RuleFile => yaml(file);
const testFile = (file: string): TestFile => yaml(file);
const names = readdirSync(path.join(GRAFANA, 'alerts')).map((file) => path.basename(file, '.yaml'));
const recorded = ruleFile('rules/nightjar.yaml').groups.flatMap(({ rules }) => rules);

describe.each(names)('alert %s', (name) => {
  const [group, ...others] = ruleFile(`alerts/${name}.yaml`).groups;
  const [rule] = group?.rules ?? [];

  it('stands alone in its file and says what to do', () => {
    expect([others.length, group?.rules.length, rule?.alert]).toEqual([0, 1, name]);
    expect(SEVERITIES).toContain(rule?.labels?.['severity']);
    expect(rule?.annotations).toEqual({
      summary: expect.stringMatching(/\S/),
      description: expect.stringMatching(/\.$/),
      runbook_url: `docs/runbooks/${name}.md`,
    });
    const runbook = readFileSync(path.join(ROOT, 'docs', 'runbooks', `${name}.md`), 'utf8');
    expect([...runbook.matchAll(/^## (.+)\n\n\S/gm)].map(([, chapter]) => chapter)).toEqual(
      CHAPTERS,
    );
  });

  it('asks for series that exist', () => {
    const names = new Set(recorded.map(({ record }) => record));
    const own = (rule?.expr ?? '').replaceAll(/\b\w+(?::\w+)+/g, (record) =>
      names.has(record) ? '' : record,
    );
    if (/\b(?:nightjar|process)_/.test(own)) expect(unknownSeries(own)).toEqual([]);
    else expect(own).not.toBe(rule?.expr);
  });

  it('has a test in which it does not fire, fires, and recovers', () => {
    const { rule_files: files, tests } = testFile(`tests/${name}.test.yaml`);
    expect(files).toContain(`../alerts/${name}.yaml`);
    const fires = tests.flatMap(({ alert_rule_test: checks }) =>
      checks
        .filter(({ alertname }) => alertname === name)
        .map(({ exp_alerts: alerts }) => alerts.length > 0),
    );
    expect([fires[0], fires.includes(true), fires.at(-1)]).toEqual([false, true, false]);
  });
});

it('every test and every runbook is of an alert', () => {
  const of = (folder: string, ending: string): string[] =>
    readdirSync(path.join(ROOT, folder)).map((file) => path.basename(file, ending));
  expect(of('grafana/tests', '.test.yaml')).toEqual(names);
  expect(of('docs/runbooks', '.md')).toEqual(names);
});

it('recorded series are called level:metric:operations, of series that exist', () => {
  for (const { record = '', expr } of recorded) {
    expect(record).toMatch(/^[a-z]+:nightjar_[a-z_]+:[a-z0-9_]+$/);
    expect(unknownSeries(expr)).toEqual([]);
  }
});
