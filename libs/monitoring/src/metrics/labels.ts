/**
 * Every label that a series may have, and what keeps the number of its values small. A session, an address, a path or
 * anything else that a client, a camera or time makes up is none. `job` and `instance` are Prometheus' own.
 */
export const LABELS = {
  camera: 'names of cameras in the configuration',
  stream: 'names of streams in the configuration',
  volume: 'names of volumes in the configuration',
  shard: 'media processes by number, and `front`',
  role: '`media`, `control`, `worker`, `appliance`',
  reason: 'words in our code',
  result: 'words in our code',
  kind: 'words in our code or of Node.js',
  source: 'words in our code',
  state: 'words in our code',
  limit: 'words in our code',
  rule: 'rules of retention',
  use: 'words in our code',
  direction: '`in`, `out`',
  transport: 'ways to carry RTP',
  protocol: '`rtsp`, `http`',
  method: 'methods of RTSP or HTTP that we know, and `other`',
  status: 'status codes that we answer',
  job_name: 'jobs declared in our code',
  queue: 'queues declared in our code',
  percentile: '`50`, `90`, `99`, `100`',
  space: 'heap spaces of V8',
  type: 'resources of Node.js',
  version: 'one per installation',
  major: 'one per installation',
  minor: 'one per installation',
  patch: 'one per installation',
} as const;

export type LabelName = keyof typeof LABELS;

export const STREAM = ['camera', 'stream'] as const;
export const READER = ['camera', 'stream', 'transport'] as const;
export const SHARD = ['shard'] as const;
