/** What the bench asks of a load process; one at a time, each answered with the result of the same kind. */
export type LoadRequest =
  | {
      readonly kind: 'open';
      readonly url: string;
      readonly readers: number;
      /** `raw`: no RTSP, just a TCP connection that is written to. */
      readonly protocol: 'rtsp' | 'raw';
      /** How many of the readers look at every packet for latency. */
      readonly sampled: number;
    }
  | { readonly kind: 'measure'; readonly durationMs: number }
  | { readonly kind: 'close' };

export interface LoadOpened {
  readonly kind: 'open';
  readonly connected: number;
  /** From connect() to the end of the first complete keyframe, milliseconds, per sampled reader. */
  readonly keyframeMs: readonly number[];
}

export interface LoadMeasured {
  readonly kind: 'measure';
  readonly bytes: number;
  /** RTP packets missing by sequence number, sampled readers only. */
  readonly lost: number;
  readonly latencyMs: readonly number[];
  /** CPU that this process itself used meanwhile, seconds. */
  readonly cpuSeconds: number;
}

export type LoadAnswer = LoadOpened | LoadMeasured | { readonly kind: 'close' };
