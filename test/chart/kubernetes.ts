import { createRequire } from 'node:module';
import type { Resource } from './render.js';

/** Where the schema of a kind is, and the name of its class there. CloudNativePG and Gateway API publish none for npm. */
const MODELS: Readonly<Record<string, string>> = {
  v1: 'kubernetes-models/v1',
  'apps/v1': 'kubernetes-models/apps/v1',
  'batch/v1': 'kubernetes-models/batch/v1',
  'policy/v1': 'kubernetes-models/policy/v1',
  'networking.k8s.io/v1': 'kubernetes-models/networking.k8s.io/v1',
  'monitoring.coreos.com/v1': '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1',
};
export const WITHOUT_SCHEMA = [
  'postgresql.cnpg.io/v1',
  'gateway.networking.k8s.io/v1',
  'gateway.networking.k8s.io/v1alpha2',
];

type Model = new (data: object) => { validate(): void };

const require = createRequire(import.meta.url);

/** What the schema of Kubernetes has against an object: wrong types, what is missing, and fields that there are not. */
export function objectionsTo(resource: Resource): string[] {
  const { apiVersion, kind, metadata } = resource;
  const where = `${kind} ${metadata.name}`;
  const group = MODELS[apiVersion];
  if (group === undefined) return [`${where}: no schema of ${apiVersion}`];
  const model = require(`${group}/${kind}`) as Record<string, Model | undefined>;
  const Kind = model[kind];
  if (Kind === undefined) return [`${where}: no such kind`];
  const read = new Set<string>();
  try {
    const object = new Kind(resource);
    Object.assign(object, { spec: watched(resource['spec'], 'spec', read) });
    object.validate();
  } catch (error) {
    return [`${where}: ${error instanceof Error ? error.message : String(error)}`];
  }
  return unread(resource['spec'], 'spec', read).map((field) => `${where}: no field ${field}`);
}

/** Notes what a validator reads. It asks for each field that the schema has, so what it did not ask for is none. */
function watched(value: unknown, at: string, read: Set<string>): unknown {
  if (typeof value !== 'object' || value === null) return value;
  return new Proxy(value, {
    get(target, key, receiver) {
      const inner: unknown = Reflect.get(target, key, receiver);
      if (typeof key === 'symbol') return inner;
      read.add(`${at}.${key}`);
      return typeof inner === 'function' ? inner : watched(inner, `${at}.${key}`, read);
    },
  });
}

function unread(value: unknown, at: string, read: ReadonlySet<string>): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const path = `${at}.${key}`;
    return read.has(path) ? unread(inner, path, read) : [path];
  });
}
