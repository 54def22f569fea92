import { configJsonSchema } from './schema.js';

/** What is used of the JSON Schema that zod makes. */
interface SchemaNode {
  readonly description?: string;
  readonly title?: string;
  readonly type?: string;
  readonly const?: string | number;
  readonly enum?: readonly string[];
  readonly default?: string | number | boolean | object;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly items?: SchemaNode;
  readonly anyOf?: readonly SchemaNode[];
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly additionalProperties?: SchemaNode | boolean;
  readonly required?: readonly string[];
}

const INTRODUCTION = `# Configuration reference

<!-- Made from the schema by \`npm run generate\`; do not edit. -->
<!-- prettier-ignore-start -->

One YAML (or JSON) file. Unknown keys are errors; \`nightjar check FILE\` names everything that is wrong.
Durations are a number and \`ms\`, \`s\`, \`m\`, \`h\`, \`d\` or \`w\`; sizes a number and \`B\`, \`kB\`, \`MB\`, \`GB\`, \`TB\`
(powers of 1000) or \`KiB\`, \`MiB\`, \`GiB\`, \`TiB\` (powers of 1024). Names are 1 to 63 lower-case letters, digits and hyphens.
Relative paths start at the folder of the file. Passwords never stand in the file: they are in a file of their own or in
the environment. Cameras, groups, schedules and users are changed while Nightjar runs; every other key takes effect after a
restart.
`;

/** \`docs/ref/config.md\`: every key with type, default and meaning. */
export function renderConfigReference(): string {
  const root: SchemaNode = configJsonSchema();
  return [INTRODUCTION, ...sections(root, ''), '<!-- prettier-ignore-end -->\n'].join('\n');
}

/** One table for the keys of a map, then those of the maps in it. */
function sections(node: SchemaNode, path: string): string[] {
  const keys = Object.entries(node.properties ?? {});
  const rows = keys.map(([key, child]) => {
    const fallback = node.required?.includes(key) ? 'required' : defaultOf(child);
    return `| \`${key}\` | ${typeOf(child)} | ${fallback} | ${child.description ?? ''} |`;
  });
  const table = [
    path === '' ? '## Top level' : `## \`${path}\``,
    '',
    '| key | type | default | meaning |',
    '|---|---|---|---|',
    ...rows,
    '',
  ];
  return [
    ...table,
    ...keys.flatMap(([key, child]) => nested(child, path === '' ? key : `${path}.${key}`)),
  ];
}

function nested(node: SchemaNode, path: string): string[] {
  const branch = longForm(node);
  if (branch.properties !== undefined) return sections(branch, path);
  if (branch.items !== undefined) return nested(branch.items, `${path}[]`);
  return typeof branch.additionalProperties === 'object'
    ? nested(branch.additionalProperties, `${path}.<name>`)
    : [];
}

/** Of a shorthand and its long form, the long one. */
function longForm(node: SchemaNode): SchemaNode {
  const long =
    node.anyOf?.find(({ properties }) => properties !== undefined) ??
    node.anyOf?.find(({ items }) => items?.properties !== undefined);
  return long ?? node;
}

function typeOf(node: SchemaNode): string {
  if (node.anyOf !== undefined) return node.anyOf.map(typeOf).join(' or ');
  if (node.const !== undefined) return `\`${node.const}\``;
  if (node.enum !== undefined) return node.enum.map((word) => `\`${word}\``).join(', ');
  if (node.items !== undefined) return `list of ${typeOf(node.items)}`;
  if (typeof node.additionalProperties === 'object') return 'map by name';
  if (node.properties !== undefined) return 'map';
  if (node.type === 'integer') return `${node.minimum}..${boundOf(node.maximum)}`;
  return node.title ?? node.type ?? '';
}

function boundOf(maximum: number | undefined): string {
  return maximum === undefined || maximum === Number.MAX_SAFE_INTEGER ? '' : String(maximum);
}

function defaultOf(node: SchemaNode): string {
  const { default: fallback } = node;
  return fallback === undefined || typeof fallback === 'object' ? '' : `\`${fallback}\``;
}
