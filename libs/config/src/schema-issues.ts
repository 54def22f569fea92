import type { z } from 'zod';
import type { ConfigText, KeyPath } from './config-text.js';
import type { ConfigIssue } from './issue.js';
import { nearest } from './nearest.js';
import { configJsonSchema } from './schema.js';

type SchemaIssue = z.core.$ZodIssue;

/** What an operator reads instead of zod's words. Values are never quoted: they may be secrets. */
export function explain(issue: SchemaIssue, text: ConfigText): ConfigIssue[] {
  const path = issue.path.map(String);
  const value = valueAt(text.value, path);
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => text.issue([...path, key], unknownKey(key, path), 'key'));
    case 'invalid_key':
      return [text.issue(path, issue.issues[0]?.message ?? issue.message, 'key')];
    case 'invalid_union':
      return explainUnion(issue, text, value);
    case 'invalid_type':
      return [text.issue(path, wrongType(issue, value))];
    case 'invalid_value':
      return [text.issue(path, wrongValue(issue.values.map(String), value))];
    case 'too_small':
      return [text.issue(path, outOfRange(issue.origin, 'at least', issue.minimum))];
    case 'too_big':
      return [text.issue(path, outOfRange(issue.origin, 'at most', issue.maximum))];
    case 'custom':
    case 'invalid_format':
    case 'invalid_element':
    case 'not_multiple_of':
      break;
  }
  return [text.issue(path, issue.message)];
}

function unknownKey(key: string, parent: KeyPath): string {
  const valid = keysAt(parent);
  if (/^(password|passwd|pass|secret)$/i.test(key) && valid.includes('passwordFile')) {
    return 'a password does not belong in this file; put it in a file of its own and name that with passwordFile, or in an environment variable named by passwordEnv';
  }
  const suggestion = nearest(key, valid);
  return suggestion === undefined
    ? `unknown key; valid keys here: ${valid.join(', ')}`
    : `unknown key; did you mean "${suggestion}"?`;
}

function explainUnion(
  issue: Extract<SchemaIssue, { code: 'invalid_union' }>,
  text: ConfigText,
  value: unknown,
): ConfigIssue[] {
  const kind = kindOf(value);
  // Of a shorthand and its long form, the one that the value looks like was meant.
  const meant = issue.errors.find(
    ([first]) => first !== undefined && (first.path.length > 0 || accepted(first).includes(kind)),
  );
  if (meant === undefined) {
    return [text.issue(issue.path.map(String), `expected a text or a map, got ${kind}`)];
  }
  return meant.flatMap((inner) =>
    explain({ ...inner, path: [...issue.path, ...inner.path] }, text),
  );
}

/** Kinds of value that an issue with the outermost value of a union branch is about. */
function accepted(issue: SchemaIssue): readonly string[] {
  if (issue.code === 'invalid_type') return [];
  return issue.code === 'unrecognized_keys' ? ['a map'] : ['a text'];
}

function wrongType(issue: Extract<SchemaIssue, { code: 'invalid_type' }>, value: unknown): string {
  if (value === undefined) return 'is required';
  if (!issue.message.startsWith('Invalid input')) return issue.message;
  return `expected ${TYPE_WORDS[issue.expected] ?? issue.expected}, got ${kindOf(value)}`;
}

const TYPE_WORDS: Readonly<Partial<Record<string, string>>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'a map',
  record: 'a map',
  array: 'a list',
};

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'string') return 'a text';
  if (typeof value === 'object') return 'a map';
  return typeof value === 'boolean' ? String(value) : 'a number';
}

function wrongValue(words: readonly string[], value: unknown): string {
  if (value === undefined) return 'is required';
  if (words.length === 1) return `expected ${words.join()}, got another value`;
  const expected = `expected one of ${words.join(', ')}`;
  if (typeof value !== 'string') return `${expected}, got ${kindOf(value)}`;
  const suggestion = nearest(value, words);
  return suggestion === undefined ? expected : `${expected}; did you mean "${suggestion}"?`;
}

function outOfRange(origin: string, side: string, limit: number | bigint): string {
  if (origin !== 'string') return `must be ${side} ${limit}`;
  return side === 'at least' ? 'must not be empty' : `must be ${side} ${limit} characters long`;
}

function valueAt(root: unknown, path: KeyPath): unknown {
  let value = root;
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = Reflect.get(value, key);
  }
  return value;
}

interface JsonSchemaNode {
  readonly properties?: Readonly<Record<string, JsonSchemaNode>>;
  readonly additionalProperties?: JsonSchemaNode | boolean;
  readonly anyOf?: readonly JsonSchemaNode[];
}

let schemaRoot: JsonSchemaNode | undefined;

/** Keys the schema allows in the map at `path`. */
function keysAt(path: KeyPath): string[] {
  schemaRoot ??= configJsonSchema();
  let node: JsonSchemaNode | undefined = schemaRoot;
  for (const key of path) {
    node = mapBranch(node);
    const next: JsonSchemaNode | boolean | undefined =
      node?.properties?.[key] ?? node?.additionalProperties;
    node = typeof next === 'object' ? next : undefined;
  }
  return Object.keys(mapBranch(node)?.properties ?? {});
}

function mapBranch(node: JsonSchemaNode | undefined): JsonSchemaNode | undefined {
  return node?.anyOf?.find((branch) => branch.properties !== undefined) ?? node;
}
