import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { configJsonSchema } from '@nightjar/config';
import { chartValues } from './chart-values.js';

const ROOT = path.resolve(import.meta.dirname, '..', '..');
const CHART = 'helm/nightjar';

interface Node {
  readonly description?: string;
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly properties?: Readonly<Record<string, Node>>;
}

/** Draft-07, as Helm checks it: the values of the chart, with the schema of nightjar.yaml for `config`. */
export function valuesSchema(): Record<string, unknown> {
  const values = z.toJSONSchema(chartValues, { target: 'draft-7', io: 'input' }) as {
    properties: Record<string, object>;
    required: string[];
  };
  const { $schema: _, ...config } = configJsonSchema();
  const described = {
    ...config,
    description:
      'nightjar.yaml; see docs/ref/config.md. A change of cameras, users, groups and schedules needs no restart.',
  };
  return {
    ...values,
    title: 'Values of the chart nightjar',
    properties: { ...values.properties, config: described },
    required: [...values.required, 'config'],
  };
}

/** README of the chart: how to install it, and every value with its default. */
export function chartReadme(): string {
  const defaults = parse(readFileSync(path.join(ROOT, CHART, 'values.yaml'), 'utf8')) as Record<
    string,
    unknown
  >;
  return [
    INTRODUCTION,
    '| key | type | default | meaning |',
    '|---|---|---|---|',
    ...rows(valuesSchema(), defaults, ''),
    '',
    '<!-- prettier-ignore-end -->\n',
  ].join('\n');
}

function rows({ properties = {} }: Node, defaults: unknown, at: string): string[] {
  return Object.entries(properties).flatMap(([key, node]) => {
    const value = isRecord(defaults) ? defaults[key] : undefined;
    const where = at === '' ? key : `${at}.${key}`;
    const inner = node.properties !== undefined && where !== 'config';
    return inner
      ? rows(node, value, where)
      : [
          `| \`${where}\` | ${typeOf(node)} | ${value === undefined ? '' : `\`${JSON.stringify(value)}\``} | ${node.description ?? ''} |`,
        ];
  });
}

function typeOf({ enum: words, type = '' }: Node): string {
  return words === undefined ? type : words.map((word) => `\`${word || "''"}\``).join(', ');
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

/** What a chart cannot read from outside its folder, by its path in the repository. */
export function copiesForChart(): Map<string, string> {
  const copies = new Map<string, string>();
  for (const [from, to] of [
    ['grafana/alerts', 'alerts'],
    ['grafana/rules', 'rules'],
  ] as const)
    for (const file of readdirSync(path.join(ROOT, from)))
      copies.set(`${CHART}/files/${to}/${file}`, readFileSync(path.join(ROOT, from, file), 'utf8'));
  return copies;
}

const INTRODUCTION = `# Helm chart of Nightjar

<!-- Made from tools/generated/chart-values.ts and values.yaml by \`npm run generate\`; do not edit. -->
<!-- prettier-ignore-start -->

\`\`\`sh
kubectl create secret generic nightjar-database --from-literal=uri=postgres://USER:PASSWORD@HOST:5432/nightjar
helm install nightjar helm/nightjar --set image.repository=REGISTRY/nightjar \\
  --set config.cameras.front-door.streams.main.url=rtsp://192.168.1.100:554/stream1 \\
  --set config.cameras.front-door.record=continuous
\`\`\`

What is installed:

| object | is |
|---|---|
| StatefulSet \`-media\`, one pod | the media role, and the worker beside its volume. Media goes on without the database, the worker and control |
| Deployment \`-control\` | the API; mounts the same claim, so with \`ReadWriteOnce\` it runs on the node of media |
| Service \`-rtsp\`, and one named as the release | RTSP for players, HTTP for the API |
| ConfigMap | \`config\`, as nightjar.yaml. Cameras, users, groups and schedules are taken up while it runs |

One release records on one node. For more, install it once per site or node, each with its own cameras and its own database.

Other keys of \`config\` take effect with \`kubectl rollout restart statefulset,deployment -l app.kubernetes.io/instance=nightjar\`.

**Secrets** are never values: name existing ones in \`secrets\`, and in \`config\` the files, as \`passwordFile: /etc/nightjar/secrets/cameras/front-door\`.

**Pod Security**: the defaults pass \`restricted\`; \`discovery.mode: hostNetwork\` does not.

**Upgrading**: \`helm upgrade\` restarts the pod of media: each camera misses the seconds of that restart. Control and worker bring the schema up to date
under an advisory lock; \`migrations.job\` does it before.

**Claims** are grown by you (\`kubectl edit pvc\`, where the storage class allows it): Kubernetes does not change those of a StatefulSet. An upgrade that changes \`persistence\` or
\`extraVolumes\` is refused before anything is changed, with the command that lets it through.

**Uninstalling** keeps the claims, and a \`Cluster\` of CloudNativePG: footage is deleted by you alone.

## Values
`;
