import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parseAllDocuments } from 'yaml';
import { KubeApiserver } from './kube-apiserver.js';
import { CASES, CHART, helm, podsOf, render, type Resource } from './render.js';

/** Paths of programs, and of a folder with the CustomResourceDefinitions that the sets of values need. */
const {
  NIGHTJAR_KUBE_APISERVER: apiserver,
  NIGHTJAR_ETCD: etcd = 'etcd',
  NIGHTJAR_KUBE_CRDS: crds,
} = process.env;

/** Where objects of a kind are made. */
function placeOf({ apiVersion, kind }: Resource, namespace: string): string {
  const group = apiVersion === 'v1' ? 'api/v1' : `apis/${apiVersion}`;
  const plural = kind.endsWith('s') ? `${kind}es` : `${kind}s`.replace(/ys$/, 'ies');
  return `/${group}/namespaces/${namespace}/${plural.toLowerCase()}`;
}

(apiserver === undefined ? describe.skip : describe)('a real kube-apiserver', () => {
  let server: KubeApiserver;
  const cases = readdirSync(CASES);
  const namespaceOf = (file: string): string => `nj-${file.replace('-values.yaml', '')}`;

  beforeAll(async () => {
    server = await KubeApiserver.start(apiserver ?? '', etcd);
    const kinds = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
    for (const file of crds === undefined ? [] : readdirSync(crds))
      for (const document of parseAllDocuments(readFileSync(path.join(crds ?? '', file), 'utf8'))) {
        const { status, text } = await server.create(kinds, document.toJS(), false);
        expect([file, status, text]).toEqual([file, 201, expect.anything()]);
      }
    const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
    for (const name of ['monitoring', ...cases.map(namespaceOf)])
      await server.create('/api/v1/namespaces', { metadata: { name, labels } }, false);
  }, 180_000);
  afterAll(() => server.stop());

  it.each(cases)('takes every object and pod of %s', async (file) => {
    const namespace = namespaceOf(file);
    const { resources } = render(file);
    const objections: string[] = [];
    const tell = async (where: string, at: string, object: object): Promise<void> => {
      const { status, text, warnings } = await server.create(at, object, true);
      objections.push(...(status === 201 ? warnings : [text]).map((told) => `${where}: ${told}`));
    };
    for (const one of resources) {
      const { kind, metadata } = one;
      const inside = metadata.namespace ?? namespace;
      const object = { ...one, metadata: { ...metadata, namespace: inside } };
      await tell(`${kind} ${metadata.name}`, placeOf(one, inside), object);
    }
    for (const { of, spec, labels } of podsOf(resources)) {
      const name = `pod-of-${of.metadata.name}`;
      const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name, labels }, spec };
      // Claims of a StatefulSet are added to its pods by its controller.
      const claims: { metadata: { name: string } }[] = of['spec'].volumeClaimTemplates ?? [];
      const volumes = claims.map(({ metadata }) => ({
        name: metadata.name,
        persistentVolumeClaim: { claimName: metadata.name },
      }));
      const full = { ...pod, spec: { ...spec, volumes: [...(spec.volumes ?? []), ...volumes] } };
      await tell(name, `/api/v1/namespaces/${namespace}/pods`, full);
    }
    const refused = expect.stringMatching(
      /^(Deployment|pod-of)[ -]nvr-control: .*host namespaces/s,
    );
    expect(objections).toEqual(file.startsWith('04-host-network') ? [refused, refused] : []);
  });

  it.each(cases)('is installed, upgraded, rolled back and left with %s', (file) => {
    const at = ['--kubeconfig', server.kubeconfig, '--namespace', namespaceOf(file)];
    const of = [...at, '--values', path.join(CASES, file)];
    const camera = 'config.cameras.added.streams.main=rtsp://camera/1';
    const done = (...args: string[]): void => {
      const { status, err } = helm(...args);
      expect([args[0], status, status === 0 ? '' : err]).toEqual([args[0], 0, '']);
    };
    done('install', 'nv', CHART, ...of);
    done('upgrade', 'nv', CHART, ...of, '--no-hooks', '--set', camera);
    const { status, err } = helm('upgrade', 'nv', CHART, ...of, '--set', 'persistence.size=3Ti');
    expect([status, err]).toEqual([1, expect.stringContaining('--cascade=orphan')]);
    done('rollback', 'nv', '1', '--no-hooks', ...at);
    done('uninstall', 'nv', ...at);
  });
});
