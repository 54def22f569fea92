export { createLogger, type Logger, type LoggerOptions, type LogMethod } from './logger.js';
export { NestLogger } from './nest-logger.js';
export { redactUrl, scrub } from './scrub.js';
export { registry, removeCameraSeries } from './metrics/declare.js';
export { LABELS } from './metrics/labels.js';
export { metrics } from './metrics/metrics.js';
export { renderMetricsReference } from './metrics/reference.js';
export {
  localSource,
  type MetricJson,
  type OperationsSource,
  type Readiness,
} from './operations-source.js';
export { answerParent, childSource, type ChildReference } from './child-source.js';
export { labelProcess } from './label-process.js';
export { OperationsServer } from './operations-server.js';
