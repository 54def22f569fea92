import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { parseAllDocuments } from 'yaml';

export const CHART = path.resolve(import.meta.dirname, '..', '..', 'helm', 'nightjar');
export const CASES = path.join(CHART, 'ci');
/** What the cluster has beside Kubernetes' own. */
const FURTHER_KINDS = ['postgresql.cnpg.io/v1'];

/** A Kubernetes object; what is in it is looked up as needed. */
export interface Resource {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Record<string, string>;
  };
  readonly [key: string]: any;
}

export interface Outcome {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

export function helm(...args: readonly string[]): Outcome {
  const command = process.env['HELM'];
  if (command === undefined) throw new Error('run these tests by `npm run chart`');
  const { status, stdout, stderr } = spawnSync(command, args, {
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  return { status, out: stdout, err: stderr };
}

export function template(
  args: readonly string[],
  { chart = CHART, kinds = FURTHER_KINDS }: { chart?: string; kinds?: readonly string[] } = {},
): Outcome {
  const cluster = [
    '--kube-version',
    '1.33.0',
    ...kinds.flatMap((kind) => ['--api-versions', kind]),
  ];
  return helm('template', 'nv', chart, '--namespace', 'video', ...cluster, ...args);
}

/** What a case of `ci/` makes. */
export function render(valuesFile: string): {
  readonly text: string;
  readonly resources: Resource[];
} {
  const { status, out, err } = template(['--values', path.join(CASES, valuesFile)]);
  if (status !== 0) throw new Error(err);
  const resources = parseAllDocuments(out)
    .map((document) => document.toJS() as Resource | null)
    .filter((resource): resource is Resource => resource !== null);
  return { text: out, resources };
}

/** Every pod that is described, by the object that describes it. */
export function podsOf(
  resources: readonly Resource[],
): { readonly of: Resource; readonly spec: any; readonly labels: Record<string, string> }[] {
  return resources.flatMap((of) => {
    if (of.kind === 'Pod') return [{ of, spec: of['spec'], labels: of.metadata.labels ?? {} }];
    const pod = of['spec']?.template;
    return pod?.spec?.containers === undefined
      ? []
      : [{ of, spec: pod.spec, labels: pod.metadata.labels }];
  });
}
