import { NestFactory } from '@nestjs/core';
import { AuditTrail } from '@nightjar/access';
import type { CameraConfig, ScheduleConfig } from '@nightjar/config';
import { metrics, NestLogger, removeCameraSeries } from '@nightjar/monitoring';
import { RecordingDemands, Recordings } from '@nightjar/recording';
import { CameraSlots, Relay, RelayMetrics, RtspServer } from '@nightjar/relay';
import { RoleModule, type RoleContext } from '@nightjar/role';
import type { DynamicModule } from '@nestjs/common';
import { MediaModule } from './media.module.js';
import { RtspPorts } from './rtsp-ports.js';

/** The features of the media role at work on a set of cameras. */
export class Media {
  private cameras: Readonly<Record<string, CameraConfig>> = {};
  private recording = false;

  private constructor(
    readonly relay: Relay,
    readonly server: RtspServer,
    readonly recordings: Recordings,
    readonly demands: RecordingDemands,
    private readonly figures: RelayMetrics,
    private readonly cameraSlots: CameraSlots,
    private readonly close: () => Promise<void>,
  ) {}

  /** Builds everything; nothing runs yet. @param more modules that take the place of defaults */
  static async create(context: RoleContext, more: readonly DynamicModule[] = []): Promise<Media> {
    const app = await NestFactory.createApplicationContext(
      { module: MediaModule, imports: [RoleModule.with(context), ...more] },
      { logger: new NestLogger(context.logger), abortOnError: false },
    );
    const relay = app.get(Relay);
    const recordings = app.get(Recordings);
    relay.events.listen((event) => recordings.tell(event));
    app.get(AuditTrail).listen((note) => recordings.tell({ type: 'audit', ...note }));
    return new Media(
      relay,
      app.get(RtspServer),
      recordings,
      app.get(RecordingDemands),
      new RelayMetrics(relay, context.clock),
      app.get(CameraSlots),
      async () => {
        await app.get(RtspPorts).close();
        await app.close();
      },
    );
  }

  /** Opens the volumes and begins to record. */
  async record(): Promise<void> {
    await this.recordings.start();
    this.recording = true;
    await this.recordings.apply(this.cameras);
  }

  /** Makes the cameras these, and the schedules that they refer to. */
  apply(
    cameras: Readonly<Record<string, CameraConfig>>,
    schedules: Readonly<Record<string, ScheduleConfig>>,
  ): void {
    const gone = Object.keys(this.cameras).filter((camera) => !Object.hasOwn(cameras, camera));
    this.cameras = cameras;
    this.demands.apply(cameras, schedules);
    this.relay.apply(cameras);
    const applied = this.recording ? this.recordings.apply(cameras) : Promise.resolve();
    // What is recorded to its end is counted to its end.
    void applied.then(() => {
      for (const camera of gone)
        if (!Object.hasOwn(this.cameras, camera)) void removeCameraSeries(camera);
    });
  }

  collect(): void {
    this.figures.collect();
    metrics.rtspSessions.set(this.server.countSessions());
    metrics.rtspConnections.set(this.server.connectionCount);
    metrics.rtspSilentConnections.set(this.server.silentCount);
    metrics.rtspPublishers.set(this.server.publisherCount);
    metrics.cameraConnections.set(this.cameraSlots.taken);
    metrics.recordingWanted.reset();
    for (const { camera, stream, demand } of this.demands.all())
      metrics.recordingWanted.set({ camera, stream }, demand.wanted ? 1 : 0);
    this.recordings.collect();
  }

  async stop(): Promise<void> {
    this.demands.stop();
    await this.server.close();
    this.relay.events.close();
    await this.recordings.stop();
    await this.relay.close();
    await this.close();
  }
}
