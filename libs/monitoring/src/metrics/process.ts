import { takeEventLoopDelay } from '../event-loop-delay.js';
import { gauge } from './declare.js';

/** Every process. */
export const processMetrics = {
  buildInfo: gauge('build_info', 'Always 1; the version is a label.', ['version']),
  eventLoopDelaySeconds: gauge(
    'event_loop_delay_seconds',
    'How late the event loop was, since the last scrape.',
    ['percentile'],
    function () {
      for (const [percentile, seconds] of takeEventLoopDelay()) this.set({ percentile }, seconds);
    },
  ),
} as const;
