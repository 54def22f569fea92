import { describe, expect, it } from '@jest/globals';
import { ManualClock } from '@nightjar/common';
import { parseConfig } from '@nightjar/config';
import type { VolumeStatus } from '@nightjar/retention';
import type { CompletenessView } from '../ledger/completeness.service.js';
import type { VolumeView } from '../volumes.service.js';
import { StatusService, type StatusSources } from './status.service.js';

const { config } = await parseConfig(
  `version: 1
cameras:
  yard: { streams: { main: rtsp://cam/1 }, record: continuous }
  gate: { streams: { main: rtsp://cam/2 } }
`,
  '/x/nightjar.yaml',
  {},
);
const volume: VolumeView = {
  name: 'main',
  path: '/srv',
  id: 'a',
  state: 'active',
  health: 'healthy',
  problem: null,
  lastSeen: null,
  freeBytes: 1,
  sizeBytes: 2,
  footageBytes: 1,
};
const swept: VolumeStatus = {
  volume: 'main',
  lastSweep: null,
  block: null,
  missingBytes: 0,
  stopped: [],
};
const counts = { waiting: 0, active: 0, delayed: 0, 'waiting-parts': 0, completed: 4, failed: 0 };
const today: CompletenessView = {
  camera: 'yard',
  stream: 'main',
  day: '1970-01-01',
  declaredSeconds: 100,
  recordedSeconds: 100,
  unwantedSeconds: 0,
  missingSeconds: 0,
  pendingSeconds: 0,
  missing: {},
  percentage: 100,
};

const statusOf = (changed: Partial<StatusSources>) =>
  new StatusService({
    version: '1.2.3',
    clock: new ManualClock(),
    config: () => config,
    ping: async () => undefined,
    queues: async () => [
      { queue: 'nightjar.retention', counts, outstanding: 0, oldestWaitingSeconds: null },
    ],
    volumes: async () => [volume],
    retention: async () => [swept],
    newest: async () => [{ camera: 'yard', stream: 'main', newestMs: 5_000 }],
    completeness: async () => [today],
    ...changed,
  }).status();

describe('the status', () => {
  it('is ok when all is well, and lists what is declared to be recorded', async () => {
    expect(await statusOf({})).toMatchObject({
      status: 'ok',
      problems: [],
      version: '1.2.3',
      database: { up: true },
      cameras: [
        { camera: 'yard', stream: 'main', newest: '1970-01-01T00:00:05.000Z', percentage: 100 },
      ],
    });
  });

  it('names every problem in words', async () => {
    const missing = { 'camera-offline': 30, network: 10 };
    const { status, problems } = await statusOf({
      volumes: async () => [{ ...volume, health: 'volume-missing', problem: 'is not mounted' }],
      retention: async () => [{ ...swept, missingBytes: 7 }],
      completeness: async () => [{ ...today, missingSeconds: 40, missing, percentage: 60 }],
      queues: async () => [
        {
          queue: 'nightjar.export',
          counts: { ...counts, failed: 3 },
          outstanding: 2,
          oldestWaitingSeconds: 1_000,
        },
      ],
    });
    expect(status).toBe('problems');
    expect(problems).toEqual([
      'volume main: is not mounted',
      'volume main is full and all on it is protected by guarantees and holds',
      'camera yard, stream main: 60.0 % of today recorded (missing: 30 s camera-offline, 10 s network)',
      'queue nightjar.export: a job has waited for 1000 s; does a worker run?',
      'queue nightjar.export: 2 jobs have failed for good',
    ]);
  });

  it.each([
    [
      'nothing was recorded or expected yet',
      { recordedSeconds: 0, missingSeconds: 1.5, percentage: 0 },
      null,
    ],
    [
      'the first segment is closed',
      { recordedSeconds: 60, missingSeconds: 1.5, percentage: 97.6 },
      97.6,
    ],
  ])('does not call it a loss that a start takes a moment: %s', async (_, day, percentage) => {
    const missing = { unknown: 1.5 };
    const view = await statusOf({ completeness: async () => [{ ...today, missing, ...day }] });
    expect(view).toMatchObject({ problems: [], cameras: [{ missingSeconds: 1.5, percentage }] });
  });

  it('tells of a camera that was never there since the start', async () => {
    const day = {
      recordedSeconds: 0,
      missingSeconds: 30,
      percentage: 0,
      missing: { 'camera-offline': 30 },
    };
    const { problems } = await statusOf({ completeness: async () => [{ ...today, ...day }] });
    expect(problems).toEqual([
      'camera yard, stream main: 0.0 % of today recorded (missing: 30 s camera-offline)',
    ]);
  });

  it('tells what it can without the database, and asks it no further', async () => {
    const asked = () => Promise.reject(new Error('asked a database that is away'));
    const view = await statusOf({
      ping: () => Promise.reject(new Error('connection refused')),
      volumes: asked,
      retention: asked,
      newest: asked,
    });
    expect(view).toMatchObject({
      problems: ['database: connection refused'],
      database: { up: false, answerSeconds: null },
      volumes: null,
      cameras: null,
      queues: [{ queue: 'nightjar.retention' }],
    });
  });
});
