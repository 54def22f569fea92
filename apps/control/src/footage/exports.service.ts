import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { stat } from 'node:fs/promises';
import { requireAccess, type AccessPolicy, type Principal } from '@nightjar/access';
import type { ExportRepository, ExportRow } from '@nightjar/catalog';
import { NightjarError, type Clock } from '@nightjar/common';
import type { NightjarConfig } from '@nightjar/config';
import type { JobQueue } from '@nightjar/jobs';
import { ExpireExports, ExportFlow, ExportFolders, partsOf, VirtualFile } from '@nightjar/playback';
import type { ExportBody } from './footage-queries.js';
import type { FootageRequestMessage } from './footage.service.js';
import type { FileSender } from './send-file.js';

export interface ExportsOptions {
  readonly repository: ExportRepository;
  readonly queue: JobQueue;
  readonly policy: AccessPolicy;
  readonly sender: FileSender;
  readonly clock: Clock;
  settings(): NightjarConfig['exports'];
  recordedStream(camera: string): string;
  /** Every stream that is configured or has footage. */
  streams(): Promise<readonly { readonly camera: string; readonly stream: string }[]>;
}

export interface ExportView {
  readonly id: string;
  readonly state: ExportRow['state'];
  /** 0 to 1. */
  readonly progress: number;
  readonly reason: string | null;
  readonly cameras: ExportRow['order']['streams'];
  readonly start: string;
  readonly end: string;
  readonly zip: boolean;
  readonly createdAt: string;
  readonly createdBy: string | null;
  readonly expiresAt: string;
  readonly bytes: number;
  readonly files: readonly (ExportRow['files'][number] & { readonly url: string })[];
}

const MAX_LISTED = 200;
const MAX_WAITING = 20;
/** Of one export; more is asked for in several. */
const MAX_EXPORT_MS = 31 * 86_400_000;
const TYPES: Readonly<Record<string, string>> = {
  mp4: 'video/mp4',
  zip: 'application/zip',
  json: 'application/json',
};

/** Exports on behalf of users: one may see those of which one may see every camera. */
export class ExportsService {
  constructor(private readonly options: ExportsOptions) {}

  /** @throws NightjarError 'invalid', 'not-found' for a camera or stream that never was, 'exhausted' when too many wait, 'unavailable' while database or queue is away */
  async create(principal: Principal | undefined, body: ExportBody): Promise<ExportView> {
    const { repository, queue, clock } = this.options;
    const { start: startMs, end: endMs, zip } = body;
    for (const { camera } of body.cameras) this.allow(principal, camera);
    const now = clock.wallMs();
    if (!(endMs > startMs)) throw invalid('end must lie after start');
    if (endMs > now) throw invalid('end lies in the future');
    if (endMs - startMs > MAX_EXPORT_MS) throw invalid('an export covers at most 31 days');
    const streams = body.cameras.map(({ camera, stream }) => ({
      camera,
      stream: stream ?? this.options.recordedStream(camera),
    }));
    if (new Set(streams.map(({ camera, stream }) => `${camera}/${stream}`)).size < streams.length)
      throw invalid('a camera is named twice');
    await this.requireKnown(streams);
    if ((await repository.countOf('waiting', 'running')) >= MAX_WAITING)
      throw new NightjarError('exhausted', 'footage/busy', 'too many exports wait already');
    const id = randomUUID();
    await repository.create({
      id,
      createdMs: now,
      createdBy: principal?.name,
      order: { streams, startMs, endMs, zip },
      expiresMs: now + this.options.settings().maxAgeMs,
    });
    try {
      const parts = partsOf({ streams, startMs, endMs, zip }).map((_part, part) => ({ id, part }));
      await queue.enqueueFlow(ExportFlow, { id }, parts);
    } catch (error) {
      await repository.remove(id);
      throw error;
    }
    return view(await this.require(principal, id));
  }

  async list(principal: Principal | undefined): Promise<ExportView[]> {
    requireAccess(this.options.policy, principal, 'playback', undefined);
    const rows = await this.options.repository.list(MAX_LISTED);
    return rows.filter((row) => this.isVisible(principal, row)).map(view);
  }

  async get(principal: Principal | undefined, id: string): Promise<ExportView> {
    return view(await this.require(principal, id));
  }

  async remove(principal: Principal | undefined, id: string): Promise<void> {
    const { repository, queue } = this.options;
    await this.require(principal, id);
    await repository.remove(id);
    // Where control may not write, the worker removes the folder: it belongs to no export any more.
    await new ExportFolders(this.options.settings().directory).remove(id).catch(() => undefined);
    await queue.enqueue(ExpireExports, {}).catch(() => undefined);
  }

  /** A file of a finished export. */
  async download(
    request: FootageRequestMessage,
    response: ServerResponse,
    id: string,
    name: string,
  ): Promise<void> {
    const row = await this.require(request.principal, id);
    const file = row.files.find((one) => one.name === name);
    if (row.state !== 'done' || file === undefined)
      throw new NightjarError('not-found', 'footage/no-export', 'there is no such file');
    const path = new ExportFolders(this.options.settings().directory).file(id, file.name);
    const found = await stat(path).catch(() => undefined);
    if (found?.size !== file.bytes)
      throw new NightjarError('not-found', 'footage/no-export', 'the file is not there any more');
    await this.options.sender.send(request, response, {
      file: new VirtualFile([{ path, offset: 0, length: file.bytes }]),
      etag: `"${file.sha256}"`,
      type: TYPES[name.split('.').at(-1) ?? ''] ?? 'application/octet-stream',
      name,
      kind: 'export',
    });
  }

  /** A name that is mistyped would be left out of the films, and only the manifest would tell. */
  private async requireKnown(
    asked: readonly { readonly camera: string; readonly stream: string }[],
  ): Promise<void> {
    const known = await this.options.streams();
    for (const { camera, stream } of asked) {
      const there = known.filter((one) => one.camera === camera);
      if (there.some((one) => one.stream === stream)) continue;
      const message =
        there.length === 0
          ? `there is no camera ${camera}`
          : `camera ${camera} has no stream ${stream}`;
      throw new NightjarError('not-found', 'footage/unknown-camera', message);
    }
  }

  /** @throws NightjarError 'not-found' also for what is not to be seen */
  private async require(principal: Principal | undefined, id: string): Promise<ExportRow> {
    requireAccess(this.options.policy, principal, 'playback', undefined);
    const row = UUID.test(id) ? await this.options.repository.get(id) : undefined;
    if (row === undefined || !this.isVisible(principal, row))
      throw new NightjarError('not-found', 'footage/no-export', 'there is no such export');
    return row;
  }

  private isVisible(principal: Principal | undefined, { order }: ExportRow): boolean {
    const { policy } = this.options;
    return order.streams.every(
      ({ camera }) => policy.decide(principal, 'playback', camera) === 'allow',
    );
  }

  private allow(principal: Principal | undefined, camera: string): void {
    requireAccess(this.options.policy, principal, 'playback', camera);
  }
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

function invalid(message: string): NightjarError {
  return new NightjarError('invalid', 'footage/range', message);
}

function view(row: ExportRow): ExportView {
  const { id, state, progress, order, bytes, files } = row;
  const time = (ms: number): string => new Date(ms).toISOString();
  return {
    id,
    state,
    progress,
    reason: row.reason ?? null,
    cameras: order.streams,
    start: time(order.startMs),
    end: time(order.endMs),
    zip: order.zip,
    createdAt: time(row.createdMs),
    createdBy: row.createdBy ?? null,
    expiresAt: time(row.expiresMs),
    bytes,
    files: files.map((file) => ({ ...file, url: `/api/v1/exports/${id}/files/${file.name}` })),
  };
}
