import { z } from 'zod';

/** `values.yaml` of helm/nightjar, but for `config`, whose schema is that of nightjar.yaml. */

const object = z.record(z.string(), z.unknown());
const strings = z.record(z.string(), z.string());
const name = z.string();
const size = z.string().regex(/^\d+(\.\d+)?(Ki|Mi|Gi|Ti|Pi|k|M|G|T|P)?$/);
const port = z.int().min(1).max(65_535);
/** 0 stands for none. */
const optionalPort = z.int().min(0).max(65_535);
const resources = object.describe('Requests and limits; left to you.');
const annotations = (of: string) => strings.describe(`Annotations of ${of}.`);
const placement = {
  nodeSelector: strings.describe('Labels of nodes that it runs on.'),
  tolerations: z.array(object).describe('Taints that it tolerates.'),
  affinity: object.describe('Where it runs, as Kubernetes has it.'),
};
const podMetadata = {
  podAnnotations: annotations('the pod'),
  podLabels: strings.describe('Further labels of the pod.'),
};
const monitor = z.strictObject({
  enabled: z.boolean().describe('Whether there is one; needs the Prometheus operator.'),
  interval: z.string().describe('Between two scrapes.'),
  additionalLabels: strings.describe(
    'That your Prometheus selects by, as `release: kube-prometheus-stack`.',
  ),
  relabelings: z.array(object).describe('Relabelings of targets.'),
});
const peers = (who: string) => z.array(object).describe(`NetworkPolicy peers: ${who}.`);

export const chartValues = z.strictObject({
  global: object.optional().describe('Of parent charts; not read.'),
  image: z
    .strictObject({
      repository: name.min(1).describe('Image of every role, as infra/Dockerfile makes it.'),
      tag: z.string().describe('Empty: the version of the application.'),
      digest: z
        .string()
        .regex(/^(sha256:[0-9a-f]{64})?$/)
        .describe('Wins over the tag.'),
      pullPolicy: z.enum(['IfNotPresent', 'Always', 'Never']).describe('When it is pulled.'),
    })
    .describe('The image.'),
  imagePullSecrets: z.array(z.strictObject({ name })).describe('Secrets to pull it with.'),
  nameOverride: name.describe('In place of the name of the chart.'),
  fullnameOverride: name.describe('In place of the name of release and chart.'),
  secrets: z
    .array(name.regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/))
    .describe(
      'Existing secrets; each is mounted as /etc/nightjar/secrets/NAME, where `passwordFile` and its like find it.',
    ),
  extraEnv: z
    .array(object)
    .describe('Further environment of every role, as `passwordEnv` wants it.'),
  database: z
    .strictObject({
      mode: z
        .enum(['external', 'cnpg'])
        .describe(
          'A PostgreSQL of yours, or a `Cluster` of CloudNativePG, whose operator must be there.',
        ),
      external: z
        .strictObject({
          existingSecret: name
            .min(1)
            .describe(
              'Secret with the URL. Media goes on without it, control and worker wait for it.',
            ),
          key: name.min(1).describe('Its key.'),
        })
        .describe('With mode `external`.'),
      cnpg: z
        .strictObject({
          instances: z.int().min(1).describe('Servers.'),
          size: size.describe('Of the claim of each.'),
          storageClass: name.describe('Empty: the default one.'),
        })
        .describe('With mode `cnpg`.'),
    })
    .describe('Catalog, and with `queue.backend: postgres` the job queue.'),
  queue: z
    .strictObject({
      backend: z.enum(['postgres', 'redis']).describe('Where jobs wait.'),
      redis: z
        .strictObject({
          existingSecret: name.describe('Secret with the URL of a Redis or Valkey of yours.'),
          key: name.min(1).describe('Its key.'),
          caKey: name.describe(
            'Its key with the authority of the certificate, for a URL with `rediss://`; empty: one that the system knows.',
          ),
        })
        .describe('With backend `redis`.'),
      valkey: z
        .strictObject({
          enabled: z
            .boolean()
            .describe('Whether one is installed with the chart; it keeps nothing over a restart.'),
          image: name.min(1).describe('Its image.'),
          existingSecret: name.describe(
            'Secret with the password that it asks for; empty: whoever reaches it may use it.',
          ),
          key: name.min(1).describe('Its key.'),
          tlsSecret: name.describe(
            'Secret with `tls.crt` for RELEASE-nightjar-valkey, `tls.key` and `ca.crt`, as cert-manager makes it; empty: no TLS.',
          ),
          resources,
        })
        .describe('With backend `redis` and none of yours.'),
    })
    .describe('The job queue.'),
  migrations: z
    .strictObject({
      job: z
        .boolean()
        .describe(
          'Whether the schema is brought up to date by a job before an upgrade, and not only by control and worker when they start.',
        ),
    })
    .describe('Schema of the catalog.'),
  persistence: z
    .strictObject({
      size: size.describe(
        'Of the claim for the data directory and the default volume. Kept when the release goes.',
      ),
      storageClass: name.describe('Empty: the default one.'),
      accessMode: z
        .enum(['ReadWriteOnce', 'ReadWriteMany'])
        .describe('With `ReadWriteOnce` control runs on the node of media.'),
      annotations: annotations('the claim'),
    })
    .describe('The data directory; its footage lies in volumes/main below it.'),
  extraVolumes: z
    .array(
      z.strictObject({
        name: name.regex(/^[a-z0-9]([-a-z0-9]{0,40}[a-z0-9])?$/),
        size,
        storageClass: name.optional(),
      }),
    )
    .describe('Further claims, mounted as /volumes/NAME for `config.volumes`.'),
  media: z
    .strictObject({
      resources,
      ...podMetadata,
      ...placement,
      priorityClassName: name.describe('So that others make room for the recorder.'),
      terminationGracePeriodSeconds: z
        .int()
        .min(10)
        .describe('It ends within 5 s; a slow disk may take longer.'),
    })
    .describe('The media role: a StatefulSet of one pod, with the worker beside it.'),
  worker: z.strictObject({ resources }).describe('The worker role, in the pod of media.'),
  control: z
    .strictObject({
      replicas: z.int().min(0).describe('Copies of the API.'),
      resources,
      ...podMetadata,
      ...placement,
      podDisruptionBudget: object.describe('`minAvailable` or `maxUnavailable`; empty: none.'),
    })
    .describe('The control role: HTTP API.'),
  discovery: z
    .strictObject({
      mode: z
        .enum(['off', 'unicast', 'hostNetwork', 'multus'])
        .describe(
          'How the control role reaches cameras that it is to find: WS-Discovery is multicast, which pod networks do not pass. `hostNetwork` needs a namespace that is not `restricted`.',
        ),
      network: name.describe('NetworkAttachmentDefinition, with `multus`.'),
    })
    .describe('Finding cameras.'),
  service: z
    .strictObject({
      rtsp: z
        .strictObject({
          type: z.enum(['ClusterIP', 'NodePort', 'LoadBalancer']).describe('How players reach it.'),
          port: port.describe('RTSP, and on the same port TLS, HTTP tunnels and WebSockets.'),
          tlsPort: optionalPort.describe('`config.rtsp.tls.port`; 0: none.'),
          udpPort: optionalPort.describe(
            '`config.rtsp.udpPort`, with RTCP on the next; 0: players use TCP.',
          ),
          annotations: annotations('the service'),
          loadBalancerSourceRanges: z.array(z.string()).describe('Networks that may come in.'),
          externalTrafficPolicy: z
            .enum(['', 'Local', 'Cluster'])
            .describe('`Local` keeps the addresses of players.'),
        })
        .describe('For players.'),
      http: z
        .strictObject({
          type: z.enum(['ClusterIP', 'NodePort', 'LoadBalancer']).describe('How clients reach it.'),
          port: port.describe('API.'),
          annotations: annotations('the service'),
        })
        .describe('For the API.'),
    })
    .describe('Services.'),
  ingress: z
    .strictObject({
      enabled: z.boolean().describe('Whether there is one, for the API.'),
      className: name.describe('Its class.'),
      annotations: annotations('it'),
      hosts: z.array(name).describe('Host names.'),
      tls: z.array(object).describe('As Kubernetes has it.'),
    })
    .describe('Ingress.'),
  gateway: z
    .strictObject({
      enabled: z.boolean().describe('Whether there is an HTTPRoute for the API.'),
      parentRefs: z.array(object).describe('Gateways.'),
      hostnames: z.array(name).describe('Host names.'),
      rtsp: z
        .boolean()
        .describe(
          'Whether there is a TCPRoute for RTSP too (an experimental kind of Gateway API).',
        ),
    })
    .describe('Gateway API.'),
  networkPolicy: z
    .strictObject({
      enabled: z.boolean().describe('Whether traffic is limited to what is named here.'),
      cameras: z
        .array(z.string().regex(/\/\d+$/))
        .describe('Networks of cameras, as 192.168.1.0/24.'),
      players: peers('who may play'),
      api: peers('who may use the API'),
      monitoring: peers('who may scrape metrics'),
      database: peers('where the external database is'),
      queue: peers('where the external queue is'),
    })
    .describe('NetworkPolicy.'),
  serviceAccount: z
    .strictObject({
      create: z
        .boolean()
        .describe('Whether one is made. It has no rights, and no token is mounted.'),
      name: name.describe('Its name; empty: that of the release.'),
      annotations: annotations('it'),
    })
    .describe('ServiceAccount.'),
  podSecurityContext: object.describe('As the Pod Security Standard `restricted` wants it.'),
  containerSecurityContext: object.describe('As the Pod Security Standard `restricted` wants it.'),
  monitoring: z
    .strictObject({
      podMonitor: monitor.describe('PodMonitor.'),
      serviceMonitor: monitor.describe(
        'ServiceMonitor, with a Service for it; in place of the PodMonitor where Prometheus looks for no other.',
      ),
      prometheusRule: z
        .strictObject({
          enabled: z.boolean().describe('Whether rules and alerts are installed.'),
          additionalLabels: strings.describe('That your Prometheus selects by.'),
          excludeAlerts: z.array(name).describe('Names of alerts that are left out.'),
          runbookUrlPrefix: z.string().describe('Goes before docs/runbooks/NAME.md.'),
        })
        .describe('PrometheusRule.'),
      dashboards: z
        .strictObject({
          enabled: z
            .boolean()
            .describe('Whether there is a ConfigMap for each, for the sidecar of Grafana.'),
          namespace: name.describe('Empty: that of the release.'),
          labels: strings.describe('That the sidecar selects by.'),
          annotations: annotations('them; the folder in Grafana'),
        })
        .describe('Dashboards.'),
    })
    .describe('Prometheus and Grafana.'),
  test: z
    .strictObject({
      stream: z
        .string()
        .regex(/^([a-z0-9][a-z0-9-]*(\/[a-z0-9][a-z0-9-]*)?)?$/)
        .describe('CAMERA or CAMERA/STREAM that `helm test` plays; empty: there is no test.'),
      login: z
        .strictObject({
          username: name.describe('Empty: without a login.'),
          existingSecret: name.describe('Secret with the password.'),
          key: name.min(1).describe('Its key.'),
        })
        .describe('Of a user who may watch it.'),
    })
    .describe('`helm test`.'),
});
